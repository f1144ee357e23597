"""Looks in the object store for the heatmap of every verdict that has one."""

import asyncio
from collections.abc import Callable
from typing import NamedTuple
from uuid import UUID

from service.ledger.book import Book, UndrawnRow
from service.store.keys import heatmap_key
from service.store.object_store import ObjectStore

_LOOKS_AT_ONCE = 32
_A_TURN = 1_000
_TURN = "SELECT * FROM pictured LIMIT ? OFFSET ?"


class _Wanted(NamedTuple):
    partition: int
    offset: int
    line: str
    uid: bytes
    version: str | None
    named: bool


async def look_for_heatmaps(book: Book, store: ObjectStore, tell: Callable[[int, int], None]) -> None:
    """Enter in the settled book what is not there; ``tell`` hears how many are done, and how many there are.
    Raises ``StoreError`` when the store does not answer."""
    total = int((await asyncio.to_thread(book.ask, "SELECT COUNT(*) FROM pictured"))[0][0])
    slots = asyncio.Semaphore(_LOOKS_AT_ONCE)
    for done in range(0, total, _A_TURN):
        rows = await asyncio.to_thread(book.ask, _TURN, _A_TURN, done)
        turn = [_Wanted(*row) for row in rows]
        looks = await asyncio.gather(*(_undrawn(store, slots, wanted) for wanted in turn))
        await asyncio.to_thread(book.add, [row for row in looks if row is not None])
        tell(done + len(turn), total)


async def _undrawn(store: ObjectStore, slots: asyncio.Semaphore, wanted: _Wanted) -> UndrawnRow | None:
    place = wanted.partition, wanted.offset
    if wanted.version is None or not wanted.named:
        return UndrawnRow(*place, "Its heatmap_url is absent or leads elsewhere.")
    key = heatmap_key(wanted.line, UUID(bytes=wanted.uid), wanted.version)
    async with slots:
        return None if await store.exists(key) else UndrawnRow(*place, f"Nothing is at {key}.")
