"""Laws of the check beside a system that runs on: it accuses nobody of what happens meanwhile."""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping

from schemas.topics import TopicKind
from service.ledger.check import check_ledger
from service.stream.base import Reader
from service.stream.memory import MemoryBroker
from tests.ledger.history import FATES, GROUP, PREFIX, History, commit, expire, make_history, parsed, write


class Slow(MemoryBroker):
    """Lets the others go on before each answer and after it, as a network does."""

    def __init__(self) -> None:
        super().__init__()
        self._opened: Counter[str] = Counter()
        self.when_opened: dict[tuple[str, int], Callable[[], None]] = {}

    async def reader(
        self, topic: str, *, at_end: bool = False, partitions: frozenset[int] | None = None
    ) -> Reader:
        await asyncio.sleep(0.002)
        self._opened[topic] += 1
        self.when_opened.get((topic, self._opened[topic]), lambda: None)()
        return await super().reader(topic, at_end=at_end, partitions=partitions)

    async def committed(self, topic: str, group: str) -> Mapping[int, int | None]:
        answer = await super().committed(topic, group)
        await asyncio.sleep(0.002)
        return answer


async def test_a_system_that_runs_on_is_not_accused() -> None:
    history = await make_history(FATES * 30)
    broker = Slow()
    await (await make_history(())).written_to(broker)
    running = asyncio.create_task(inspect(broker, history))
    checks = 0
    while not running.done():
        report = await check_ledger(broker, history.store, PREFIX, GROUP)
        assert report.clean, report.troubles
        checks += 1
    await running
    report = await check_ledger(broker, history.store, PREFIX, GROUP)
    assert (report.clean, report.accepted) == (True, 300)
    assert checks > 5


async def test_what_expires_during_the_check_is_not_accused() -> None:
    history = await make_history(FATES)
    broker = Slow()
    await history.written_to(broker)
    broker.when_opened[("patchline.frames", 3)] = lambda: expire(
        broker, TopicKind.FRAMES, partition=0, offset=3
    )
    report = await check_ledger(broker, history.store, PREFIX, GROUP)
    assert (report.clean, report.accepted, report.expired_unread) == (True, 7, 0)


async def test_what_is_committed_before_it_expires_during_the_check_is_not_accused() -> None:
    history = await make_history(FATES)
    broker = Slow()
    await history.written_to(broker)
    group = broker._groups[("patchline.frames", GROUP)]
    group.committed[0] = 1

    def go_on() -> None:
        group.committed[0] = 3
        expire(broker, TopicKind.FRAMES, partition=0, offset=3)

    broker.when_opened[("patchline.frames", 1)] = go_on
    report = await check_ledger(broker, history.store, PREFIX, GROUP)
    assert (report.clean, report.accepted, report.in_flight) == (True, 5, 2)


async def inspect(broker: MemoryBroker, history: History) -> None:
    """Write the history as an inspector does: a frame, then its outcome, then the commit."""
    ends = {0: 0, 1: 0}
    outcomes = iter(history.outcomes)
    for sent in history.frames:
        await write(broker, sent)
        outcome = next(outcomes)
        await write(broker, outcome)
        await asyncio.sleep(0)
        if outcome.kind is TopicKind.VERDICTS and parsed(outcome).alarming:
            await write(broker, next(outcomes))
            await asyncio.sleep(0)
        ends[sent.partition or 0] += 1
        await commit(broker, ends)
        await asyncio.sleep(0.001)
