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
_TURN = "SELECT * FROM pictured WHERE (partition, source) > (?, ?) ORDER BY partition, source LIMIT ?"


class _Wanted(NamedTuple):
    partition: int
    source: int
    own_partition: int
    own_offset: int
    line: str
    uid: bytes
    version: str | None
    named: bool


async def look_for_heatmaps(book: Book, store: ObjectStore, tell: Callable[[int, int], None]) -> None:
    """Enter in the settled book what is not there; ``tell`` hears how many are done, and how many there are.
    Raises ``StoreError`` when the store does not answer."""
    total = int((await asyncio.to_thread(book.ask, "SELECT COUNT(*) FROM pictured"))[0][0])
    slots = asyncio.Semaphore(_LOOKS_AT_ONCE)
    done, last = 0, (-1, -1)
    while rows := await asyncio.to_thread(book.ask, _TURN, *last, _A_TURN):
        turn = [_Wanted(*row) for row in rows]
        looks = await asyncio.gather(*(_undrawn(store, slots, wanted) for wanted in turn))
        await asyncio.to_thread(book.add, [row for row in looks if row is not None])
        done, last = done + len(turn), (turn[-1].partition, turn[-1].source)
        tell(done, total)


async def _undrawn(store: ObjectStore, slots: asyncio.Semaphore, wanted: _Wanted) -> UndrawnRow | None:
    place = wanted.own_partition, wanted.own_offset
    if wanted.version is None or not wanted.named:
        return UndrawnRow(*place, "Its heatmap_url is absent or leads elsewhere.")
    key = heatmap_key(wanted.line, UUID(bytes=wanted.uid), wanted.version)
    async with slots:
        return None if await store.exists(key) else UndrawnRow(*place, f"Nothing is at {key}.")
