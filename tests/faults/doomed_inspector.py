"""An inspector that kills itself (SIGKILL) right before or after one of its effects, such as the third:
``DOOM=alert:before:3``."""

import asyncio
import inspect
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from service.settings import load_settings
from service.store.object_store import ObjectStore
from service.stream.kafka_member import KafkaMember
from service.stream.kafka_producer import KafkaProducer
from service.telemetry.logs import configure_logs
from workers.inspector.program import run_inspector

Method = Callable[..., Any]
WHERE: dict[str, tuple[type, str, str]] = {
    "heatmap": (ObjectStore, "_write_now", "heatmaps/"),
    "frame": (ObjectStore, "_write_now", "frames/"),
    "verdict": (KafkaProducer, "send", "verdicts"),
    "alert": (KafkaProducer, "send", "alerts"),
    "commit": (KafkaMember, "commit", ""),
}


def doom(effect: str, moment: str, count: int) -> None:
    """From now on the process ends at that effect."""
    owner, name, mark = WHERE[effect]
    original: Method = getattr(owner, name)
    left = count

    @contextmanager
    def fatal(meant: bool) -> Iterator[None]:
        nonlocal left
        left -= meant
        if meant and left == 0 and moment == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        yield
        if meant and left <= 0:
            os.kill(os.getpid(), signal.SIGKILL)

    async def awaited(self: Any, *arguments: Any, **named: Any) -> Any:
        with fatal(mark in str(arguments[0])):
            return await original(self, *arguments, **named)

    def called(self: Any, *arguments: Any, **named: Any) -> Any:
        with fatal(mark in str(arguments[0])):
            return original(self, *arguments, **named)

    setattr(owner, name, awaited if inspect.iscoroutinefunction(original) else called)


if __name__ == "__main__":
    wanted, when, number = os.environ["DOOM"].split(":")
    doom(wanted, when, int(number))
    settings = load_settings()
    configure_logs(settings.telemetry, "inspector")
    sys.exit(asyncio.run(run_inspector(settings)))
