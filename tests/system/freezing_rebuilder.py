"""A rebuilder that is stopped where it stands (SIGSTOP), once, at the moment when the bank's bytes are
published and the record that puts them in force is about to be sent."""

import asyncio
import os
import signal
import sys

from schemas.frame import Headers
from service.settings import load_settings
from service.stream import kafka_broker
from service.stream.base import Placed
from service.stream.kafka_producer import KafkaProducer
from service.telemetry.logs import configure_logs
from workers.rebuilder.program import run_program


class _Freezing(KafkaProducer):
    _due = True

    async def send(
        self,
        topic: str,
        *,
        key: bytes | None,
        value: bytes | None,
        headers: Headers = (),
        partition: int | None = None,
    ) -> Placed:
        if _Freezing._due and ("kind", b"activated") in headers:
            _Freezing._due = False
            sys.stdout.write("about to activate\n")
            sys.stdout.flush()
            os.kill(os.getpid(), signal.SIGSTOP)
        return await super().send(topic, key=key, value=value, headers=headers, partition=partition)


if __name__ == "__main__":
    vars(kafka_broker)["KafkaProducer"] = _Freezing
    settings = load_settings()
    configure_logs(settings.telemetry, "rebuilder")
    sys.exit(asyncio.run(run_program(settings)))
