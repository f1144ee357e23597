"""The rebuilder as a program: the real broker, store, cache and child process; stops on SIGTERM."""

from contextlib import AsyncExitStack
from functools import partial

from service.backbones.configured import weights_in_use
from service.banks.redis_cache import RedisCache
from service.banks.redis_client import redis_client, require_redis
from service.runtime.beating import beating
from service.runtime.signals import stop_event
from service.runtime.start import insist, require_topics
from service.settings import Settings
from service.store import StoreError, open_store
from service.stream.kafka_broker import KafkaBroker
from service.telemetry.probes import serve_probes
from workers.extraction.client import ExtractionClient
from workers.extraction.forks import Forks
from workers.rebuilder.extraction import Extraction
from workers.rebuilder.rebuilder import run_rebuilder


async def run_program(settings: Settings) -> int:
    """Run until SIGTERM or SIGINT; 0 after a clean stop. Raises ``StreamError``, ``StoreError`` or
    ``ConnectionError`` when broker, store or Redis stay out of reach at the start."""
    stop = stop_event()
    async with AsyncExitStack() as stack:
        broker, store = KafkaBroker(settings.kafka), open_store(settings.store)
        stack.push_async_callback(broker.close)
        await insist(store.ping, StoreError, settings.kafka.start_seconds)
        await require_topics(broker, settings.kafka.topic_prefix)
        redis = redis_client(settings.redis)
        stack.push_async_callback(redis.aclose)
        asked = partial(require_redis, redis, settings.redis.url)
        await insist(asked, ConnectionError, settings.kafka.start_seconds)
        cache = RedisCache(redis, settings.redis)
        ready: list[bool] = []

        def not_ready_because() -> str | None:
            return None if ready else "the results of the past are being read"

        await stack.enter_async_context(serve_probes(settings.telemetry, not_ready_because))
        await stack.enter_async_context(beating(settings.redis, "rebuilder", not_ready_because))
        forks = Forks()
        stack.push_async_callback(forks.stop)
        extraction = Extraction(
            partial(ExtractionClient.start, forks, settings),
            partial(weights_in_use, settings.engine),
            settings.engine.score_timeout_seconds,
        )
        stack.push_async_callback(extraction.stop)
        return await run_rebuilder(
            settings, broker, store, cache, extraction, stop, lambda: ready.append(True)
        )
