"""Retention as a program: a sweep now and then until SIGTERM; an outage is waited for."""

import asyncio
from contextlib import AsyncExitStack, suppress

import structlog

from service.retention.index import RetentionIndex
from service.retention.sweep import Sweeper
from service.runtime.beating import beating
from service.runtime.signals import stop_event
from service.runtime.start import insist, require_topics
from service.settings import Settings
from service.signing.signatures import open_signatures
from service.signing.statement import KeyUse
from service.store import StoreError, open_store
from service.stream.base import StreamError
from service.stream.kafka_broker import KafkaBroker
from service.telemetry.probes import serve_probes

INDEX_FILE = "retention.sqlite"
_log = structlog.get_logger()


async def run_retention(settings: Settings, *, once: bool = False) -> int:
    """Run until SIGTERM or SIGINT, or for one sweep; 0 after a clean stop. Raises ``StreamError`` or
    ``StoreError`` when broker or store stay out of reach at the start, or during the one sweep, and
    ``SettingsError`` for keys that will not do."""
    stop = stop_event()
    signatures = open_signatures(settings.signing, KeyUse.RETENTION)
    async with AsyncExitStack() as stack:
        broker, store = KafkaBroker(settings.kafka), open_store(settings.store)
        stack.push_async_callback(broker.close)
        await insist(store.ping, StoreError, settings.kafka.start_seconds)
        await require_topics(broker, settings.kafka.topic_prefix)
        index = RetentionIndex(settings.store.cache_dir / INDEX_FILE, signatures.trust)
        stack.callback(index.close)
        producer = await broker.producer()
        stack.push_async_callback(producer.close)
        sweeper = Sweeper(settings, broker, producer, store, index, signatures.signer)
        if once:
            await sweeper.sweep()
            return 0
        await stack.enter_async_context(serve_probes(settings.telemetry, lambda: None))
        await stack.enter_async_context(beating(settings.redis, "retention", lambda: None))
        await _sweep_until(stop, sweeper, settings.retention.every_seconds)
    return 0


async def _sweep_until(stop: asyncio.Event, sweeper: Sweeper, every_seconds: float) -> None:
    while not stop.is_set():
        try:
            await sweeper.sweep()
        except (StreamError, StoreError) as error:
            _log.warning("sweep given up; the next one goes on", cause=str(error))
        with suppress(TimeoutError):
            async with asyncio.timeout(every_seconds):
                await stop.wait()
