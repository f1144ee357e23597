"""The stream alone: what an inspector reads, stores and tells without any engine, beside a bare consumer."""

import asyncio
import time
from typing import TYPE_CHECKING, Any

from workers.cli.traffic import LINES, Traffic

if TYPE_CHECKING:
    from service.settings import EngineSettings, KafkaSettings
    from service.stream.base import Broker
    from workers.demo.installation import Installation

_SIDE = 316  # Pixels: 100 kB in grey.
_BARE_POLL_MS = 1000


class StreamAlone:
    """With the engine `none`: no bank, no picture decoded. All frames lie in the topic before the first is
    read, so that nobody produces meanwhile."""

    def __init__(self, installation: "Installation", engine: "EngineSettings") -> None:
        from service.backbones.runtime import Runtime

        self._installation = installation
        self._traffic = Traffic(installation, engine.model_copy(update={"runtime": Runtime.NONE}))

    async def run(self, broker: "Broker", frames: int) -> dict[str, Any]:
        """The figures. Takes about a minute beside the frames' own time."""
        kafka, verdicts = self._installation.settings.kafka, self._traffic.verdicts
        topic, picture = f"{kafka.topic_prefix}frames", _picture()
        names = await self._traffic.send(await broker.producer(), [picture], frames)
        before = await bare_consume(kafka, topic, frames)
        reader = await broker.reader(f"{kafka.topic_prefix}verdicts")
        self._installation.start_programs(("inspector",))
        collecting = asyncio.create_task(verdicts.collect(reader))
        try:
            await self._traffic.judged(names)
        finally:
            collecting.cancel()
        after = await bare_consume(kafka, topic, frames)
        rate, bare = verdicts.rate(names), (before + after) / 2
        return {
            "engine": "none",
            "lines": len(LINES),
            "frames": frames,
            "frame_bytes": len(picture),
            "frames_per_second": round(rate, 1),
            "bare_consume_frames_per_second": round(bare, 1),
            "share_of_bare_consume": round(rate / bare, 3),
            "broker": "embedded" if self._installation.embedded else "given",
        }


async def bare_consume(kafka: "KafkaSettings", topic: str, frames: int) -> float:
    """Frames a second of aiokafka's consumer as it comes, from the first records to the last."""
    from aiokafka import AIOKafkaConsumer

    from service.stream.kafka_connection import connection_options

    consumer: Any = AIOKafkaConsumer(topic, **connection_options(kafka), auto_offset_reset="earliest")
    await consumer.start()
    try:
        read = first = 0
        began = 0.0
        while read < frames:
            found = await consumer.getmany(timeout_ms=_BARE_POLL_MS)
            read += sum(len(records) for records in found.values())
            if read and not first:
                first, began = read, time.perf_counter()
        return (read - first) / max(time.perf_counter() - began, 1e-9)
    finally:
        await consumer.stop()


def _picture() -> bytes:
    import cv2
    import numpy as np

    pixels = np.random.default_rng(0).integers(0, 256, (_SIDE, _SIDE), dtype=np.uint8)
    return bytes(cv2.imencode(".bmp", pixels)[1])
