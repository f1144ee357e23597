"""The stream alone: what an inspector reads, stores and tells without any engine, beside a bare consumer."""

import asyncio
import time
from typing import TYPE_CHECKING, Any

from workers.cli.streaming import LINES, Streaming

if TYPE_CHECKING:
    from service.settings import KafkaSettings
    from service.stream.base import Broker

_SIDE = 316  # Pixels: 100 kB in grey.
_BARE_POLL_MS = 1000


class StreamAlone(Streaming):
    """Streaming with the engine `none`: no bank, no picture decoded. All frames lie in the topic before the
    first is read, so that nobody produces meanwhile."""

    async def run(self, broker: "Broker", frames: int, seconds: float) -> dict[str, Any]:
        """The figures; ``seconds`` is not asked for. Takes about a minute beside the frames' own time."""
        kafka = self._installation.settings.kafka
        topic, picture = f"{kafka.topic_prefix}frames", _picture()
        names = await self._send(await broker.producer(), topic, [picture], frames, 0)
        before = await bare_consume(kafka, topic, frames)
        reader = await broker.reader(f"{kafka.topic_prefix}verdicts")
        self._installation.start_programs(("inspector",))
        collecting = asyncio.create_task(self._verdicts.collect(reader))
        try:
            await self._verdicts.until(names)
        finally:
            collecting.cancel()
        after = await bare_consume(kafka, topic, frames)
        rate, bare = self._verdicts.rate(names), (before + after) / 2
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
