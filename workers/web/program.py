"""The page as a program: builds its parts, serves until SIGTERM, ends within seconds."""

import asyncio
from contextlib import AsyncExitStack

import structlog

from service.runtime.beating import beating
from service.runtime.signals import stop_event
from service.runtime.start import insist, require_topics
from service.settings import Settings
from service.store import ObjectStore, StoreError, open_store
from service.stream.base import Broker
from service.stream.kafka_broker import KafkaBroker
from service.telemetry.probes import serve_probes
from service.web.exposure import require_loopback_or_users
from service.web.page import Page, fed_page, served
from workers.web.bench import WorkerBench

_log = structlog.get_logger()


async def serve(settings: Settings, *, broker: Broker | None = None, store: ObjectStore | None = None) -> int:
    """Run until SIGTERM or SIGINT; 0 after a clean stop. Tests give a broker and a store of their own.
    Raises ``SettingsError``, ``StreamError``, ``StoreError`` or ``OSError`` when it cannot begin."""
    require_loopback_or_users(settings.web)
    stop = stop_event()
    async with AsyncExitStack() as stack:
        if broker is None:
            broker = KafkaBroker(settings.kafka)
            stack.push_async_callback(broker.close)
        if store is None:
            store = open_store(settings.store)
            await insist(store.ping, StoreError, settings.kafka.start_seconds)
        await require_topics(broker, settings.kafka.topic_prefix)
        page = await stack.enter_async_context(fed_page(settings, broker, store, WorkerBench.of(settings)))
        probes = serve_probes(settings.telemetry, page.feed.not_ready_because)
        port = await stack.enter_async_context(probes)
        await stack.enter_async_context(beating(settings.redis, "web", page.feed.not_ready_because))
        url = await stack.enter_async_context(served(settings, page))
        _log.info("page ready", url=url, probes_port=port)
        await _until(stop, page)
    _log.info("page stopped")
    return 0


async def _until(stop: asyncio.Event, page: Page) -> None:
    """Wait for the signal; a feed that fails ends the program with its error."""
    stopping = asyncio.create_task(stop.wait(), name="stop")
    await asyncio.wait({stopping, page.feeding}, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    if page.feeding.done():
        await page.feeding
