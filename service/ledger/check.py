"""The ledger check: reads the logs as they are, and says whether every accepted frame is accounted for."""

import asyncio
from collections.abc import Callable, Mapping
from functools import partial

from schemas.topics import TOPICS, TopicKind
from service.ledger.accounts import Accounts
from service.ledger.balance import report_of
from service.ledger.book import Book, LimitsRow, WindowRow, open_book
from service.ledger.expiry import read_expiry
from service.ledger.heatmaps import look_for_heatmaps
from service.ledger.report import LedgerReport
from service.ledger.scan import Span, scan
from service.ledger.snapshot import Snapshot, first_since, take_snapshot
from service.signing.trust import UNCHECKED, Trust
from service.store.object_store import ObjectStore
from service.stream.base import Broker

Progress = Callable[[str, int, int], None]
# Frames and dead letters are up to megabytes each; the others are small.
_LARGE, _SMALL = 50, 2_000


async def check_ledger(
    broker: Broker,
    store: ObjectStore,
    prefix: str,
    group: str,
    *,
    since_ms: int | None = None,
    progress: Progress | None = None,
    trust: Trust = UNCHECKED,
) -> LedgerReport:
    """Check all frames that ``group`` has accepted, or of them those that came at ``since_ms`` or later, on
    the topics with this prefix. Changes nothing and may run beside everything: it reads each log once, to
    its end as it began. Memory stays constant; a temporary file takes about half a kilobyte a frame.
    ``progress`` hears what is read, how much is done and how much there is; ``trust`` says whose word
    excuses what is gone. Raises ``StreamError`` and ``StoreError`` where it cannot look."""
    check = _Check(broker, store, prefix, since_ms, progress or _silent, trust)
    snapshot = await take_snapshot(broker, prefix, group)
    with open_book() as book:
        return await check.run(book, snapshot)


class _Check:
    def __init__(
        self,
        broker: Broker,
        store: ObjectStore,
        prefix: str,
        since_ms: int | None,
        tell: Progress,
        trust: Trust,
    ) -> None:
        self._broker, self._store, self._prefix = broker, store, prefix
        self._since_ms, self._tell, self._trust = since_ms, tell, trust

    async def run(self, book: Book, snapshot: Snapshot) -> LedgerReport:
        since_ms = self._since_ms or 0
        accounts = Accounts(book, self._topic(TopicKind.FRAMES), since_ms)
        book.add(await self._read_frames(accounts, snapshot))
        for kind, bounds in snapshot.logs.items():
            await self._read(kind, accounts, bounds)
        book.add([LimitsRow(since_ms, accounts.horizon_ms(snapshot.logs[TopicKind.VERDICTS]))])
        await asyncio.to_thread(book.settle)
        await look_for_heatmaps(book, self._store, partial(self._tell, "heatmaps"))
        book.add(await read_expiry(self._broker, self._topic(TopicKind.LINE_EVENTS), self._trust))
        return await asyncio.to_thread(report_of, book, snapshot)

    async def _accepted(self, snapshot: Snapshot) -> dict[int, Span]:
        windows = snapshot.windows.items()
        if self._since_ms is None:
            return {partition: (window.start, window.watermark) for partition, window in windows}
        topic, since_ms = self._topic(TopicKind.FRAMES), self._since_ms
        return {p: (await first_since(self._broker, topic, p, w, since_ms), w.watermark) for p, w in windows}

    async def _read_frames(self, accounts: Accounts, snapshot: Snapshot) -> list[WindowRow]:
        spans = await self._accepted(snapshot)
        kept = await self._read(TopicKind.FRAMES, accounts, spans)
        return [
            # What expired while we read may have an outcome and no frame: it is below the floor.
            WindowRow(p, max(spans[p][0], kept[p][0]), window.watermark, window.end)
            for p, window in snapshot.windows.items()
        ]

    async def _read(
        self, kind: TopicKind, accounts: Accounts, spans: Mapping[int, Span]
    ) -> Mapping[int, tuple[int, int]]:
        """Read a topic's spans; answers its bounds afterwards."""
        reader = await self._broker.reader(self._topic(kind))
        size = _LARGE if kind in (TopicKind.FRAMES, TopicKind.DEAD_LETTERS) else _SMALL
        tell = partial(self._tell, kind.value)
        try:
            await scan(reader, spans, accounts.entries[kind], tell, max_records=size)
            return await reader.bounds()
        finally:
            await reader.close()

    def _topic(self, kind: TopicKind) -> str:
        return TOPICS[kind].name(self._prefix)


def _silent(_what: str, _done: int, _total: int) -> None:
    return
