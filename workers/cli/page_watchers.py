"""A page with many browsers on its live stream, and what it costs its process."""

import asyncio
import os
import time
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import psutil

from schemas.ids import frame_uid, sha256_hex
from schemas.reasons import VerdictKind
from schemas.topics import TOPICS, TopicKind
from schemas.verdict import Source, Verdict
from service.runtime.start import topic_specs
from service.settings import Settings, StoreSettings, WebSettings
from service.store import open_store
from service.stream.base import Producer
from service.stream.memory import MemoryBroker
from service.web.page import fed_page, served
from workers.cli.browsers import Browsers

LINES = 5


async def watched(folder: Path, browsers: int, rate: float, seconds: float) -> dict[str, float]:
    """Cores and megabytes of a page process, this one, whose broker and store are in memory, while so many
    read all verdicts live; ``delivered`` is the share of verdicts that reached them."""
    settings = Settings(
        store=StoreSettings(url="memory://", cache_dir=folder),
        web=WebSettings(port=0, accounts=folder / "accounts.sqlite"),
    )
    broker = MemoryBroker()
    await broker.create_topics(topic_specs(settings.kafka.topic_prefix), partitions=2, replication=1)
    store = open_store(settings.store)
    async with fed_page(settings, broker, store) as page, served(settings, page) as url:
        await page.feed.ready()
        async with Browsers(url, browsers) as readers:
            producer = await broker.producer()
            topic = TOPICS[TopicKind.VERDICTS].name(settings.kafka.topic_prefix)
            began, busy = time.monotonic(), time.process_time()
            sent = await _send(producer, topic, rate, seconds)
            wall, used = time.monotonic() - began, time.process_time() - busy
            await asyncio.sleep(2)
            memory = psutil.Process(os.getpid()).memory_info().rss
    return {
        "browsers": browsers,
        "verdicts_per_second": round(sent / wall, 1),
        "cores": round(used / wall, 3),
        "megabytes": round(memory / 2**20, 1),
        "delivered": round(readers.verdicts / (sent * browsers), 4),
    }


async def _send(producer: Producer, topic: str, rate: float, seconds: float) -> int:
    sent, began = 0, time.monotonic()
    while time.monotonic() - began < seconds:
        verdict = _verdict(sent)
        await producer.send(topic, key=verdict.line.encode(), value=verdict.to_bytes())
        sent += 1
        await asyncio.sleep(max(0.0, began + sent / rate - time.monotonic()))
    return sent


def _verdict(at: int) -> Verdict:
    line, name = f"line-{at % LINES}", f"f-{uuid4()}"
    kind = VerdictKind.DEFECT if at % 100 == 0 else VerdictKind.OK
    return Verdict(
        frame_uid=frame_uid(line, name, sha256_hex(name.encode())),
        line=line,
        frame_id=name,
        frame_sha256=sha256_hex(name.encode()),
        verdict=kind,
        score=0.5,
        p_value=0.5,
        threshold=1.0,
        review_threshold=0.8,
        source=Source(partition=0, offset=at, timestamp_ms=0),
        inspected_at=datetime.now(UTC),
    )
