"""The sink as a process on Apache Kafka, with a receiver that is out of order for a while."""

import asyncio
import signal
from pathlib import Path

import pytest

from schemas.reasons import VerdictKind
from schemas.report import Report
from schemas.topics import TOPICS, TopicKind
from service.embedded.server import free_port
from service.runtime.start import topic_specs
from service.settings import KafkaSettings
from service.stream.kafka_broker import KafkaBroker
from tests.harness.processes import Program
from tests.sinks.counterparts import Receiver, until
from tests.sinks.reports import verdict


def environment(bootstrap: str, prefix: str, folder: Path, receiver: Receiver) -> dict[str, str]:
    file = folder / "sinks.toml"
    file.write_text(f"[sinks.mes]\nkind = 'webhook'\nurl = 'http://127.0.0.1:{receiver.port}/hook'\n")
    return {
        "PATCHLINE_KAFKA__BOOTSTRAP": bootstrap,
        "PATCHLINE_KAFKA__TOPIC_PREFIX": prefix,
        "PATCHLINE_KAFKA__SESSION_TIMEOUT_MS": "6000",
        "PATCHLINE_STORE__URL": (folder / "store").as_uri(),
        "PATCHLINE_SINKS__FILE": str(file),
        "PATCHLINE_TELEMETRY__LOG_FORMAT": "json",
    }


@pytest.mark.kafka
async def test_a_receiver_that_answers_500_and_a_killed_sink_cost_no_report(
    kafka_bootstrap: str, prefix: str, tmp_path: Path
) -> None:
    broker = KafkaBroker(KafkaSettings(bootstrap=kafka_bootstrap, topic_prefix=prefix))
    await broker.create_topics(topic_specs(prefix), partitions=2, replication=1)
    producer = await broker.producer()
    topic = TOPICS[TopicKind.VERDICTS].name(prefix)

    async def say(first: int, last: int) -> None:
        for offset in range(first, last):
            told = verdict(offset, kind=VerdictKind.DEFECT, part_id=f"part-{offset}")
            await producer.send(topic, key=b"line1", value=told.to_bytes(), partition=0)

    async with Receiver(free_port()).serving() as receiver:
        env = environment(kafka_bootstrap, prefix, tmp_path, receiver)
        program = Program.ours("workers", "run", "sink", "--name", "mes", env=env)
        with program:
            await asyncio.to_thread(program.wait_for_line, '"partitions": [0, 1]', 60)
            await say(0, 3)
            await receiver.accepted(3)
            receiver.status = 500
            await say(3, 6)
            await until(lambda: len(receiver.asked) >= 6)
            await asyncio.to_thread(program.wait_for_line, "counterpart does not accept", 20)
            await asyncio.to_thread(program.signal, signal.SIGKILL)
            await asyncio.to_thread(program.wait)
        receiver.status = 200
        with Program.ours("workers", "run", "sink", "--name", "mes", env=env) as again:
            accepted = await asyncio.wait_for(receiver.accepted(6), 60)
            await asyncio.to_thread(again.signal, signal.SIGTERM)
            assert await asyncio.to_thread(again.wait) == 0
    wanted = [str(Report.of_verdict(verdict(offset)).report_id) for offset in range(6)]
    assert list(dict.fromkeys(accepted)) == wanted
    await broker.close()
