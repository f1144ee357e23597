"""The check says the same on every broker."""

import asyncio
import time

from schemas.reasons import VerdictKind
from service.ledger.check import check_ledger
from service.stream.base import Broker
from tests.ledger.history import FATES, GROUP, commit, make_history, write


async def test_the_check_says_the_same_on_every_broker(broker: Broker, prefix: str) -> None:
    history = await make_history(FATES * 2, unfinished=2, prefix=prefix)
    history.exchange(history.verdict(VerdictKind.OK))
    await history.written_to(broker)
    report = await check_ledger(broker, history.store, prefix, GROUP)
    found = {trouble.kind.field: report.count(trouble.kind) for trouble in report.troubles}
    assert found == {"missing": 1}
    assert (report.accepted, report.in_flight) == (18, 2)


async def test_since_a_moment_means_the_same_on_every_broker(broker: Broker, prefix: str) -> None:
    history = await make_history(FATES, prefix=prefix)
    history.exchange(history.verdict(VerdictKind.OK))
    await history.written_to(broker)
    await asyncio.sleep(0.01)
    since_ms = time.time_ns() // 1_000_000
    more = await make_history(FATES * 2, prefix=prefix)
    outcomes = more.outcomes[len(more.outcomes) // 2 :]
    await write(broker, *more.frames[len(FATES) :], *outcomes, prefix=prefix)
    await commit(broker, {0: len(FATES), 1: len(FATES)}, prefix=prefix)
    report = await check_ledger(broker, more.store, prefix, GROUP, since_ms=since_ms)
    assert (report.clean, report.accepted) == (True, len(FATES))
