"""What is in flight: the watermark of each partition, and the credits that bound how much is fetched."""

import asyncio
from collections import Counter
from collections.abc import Mapping

from service.stream.base import Record
from service.stream.credits import Credits
from service.stream.watermark import Watermark
from service.telemetry import metrics

RESERVED = 8
"""The last eighth of the credits is for partitions that hold less than their share of all: in a burst on one
line, frames of quiet lines in other partitions are taken in at once and have their turn in the next batch."""


class Flow:
    """The ledger of one inspector's unfinished frames. Used from one event loop."""

    def __init__(self, *, max_frames: int, max_pixels: int, max_uncommitted: int) -> None:
        self._credits = Credits(max_frames=max_frames, max_pixels=max_pixels)
        self._max_frames = max_frames
        self._max_uncommitted = max_uncommitted
        self._marks: dict[int, Watermark] = {}
        self._in_flight: Counter[int] = Counter()
        self._reserve = max_frames // RESERVED
        self._changed = asyncio.Event()
        self.generation = 0

    def begin(self, offsets: Mapping[int, int], generation: int) -> None:
        """Follow these partitions, each from its next offset; earlier generations no longer count."""
        self.generation = generation
        self._marks = {partition: Watermark(offset) for partition, offset in offsets.items()}

    def fetched(self, record: Record) -> None:
        """A record came in."""
        self._marks[record.partition].fetched(record.offset)

    def spend(self, record: Record, pixels: int) -> None:
        """The record holds credits from now on, until it ``left``."""
        self._credits.spend(pixels)
        self._in_flight[record.partition] += 1
        metrics.IN_FLIGHT.set(self._credits.frames)

    def left(self, record: Record, generation: int, pixels: int, *, published: bool) -> None:
        """A frame is out of our hands; ``published`` when its outcome is in the log."""
        self._credits.give_back(pixels)
        self._in_flight[record.partition] -= 1
        metrics.IN_FLIGHT.set(self._credits.frames)
        if published and generation == self.generation and record.partition in self._marks:
            self._marks[record.partition].finished(record.offset)
        self._changed.set()

    def positions(self) -> dict[int, int]:
        """What may be committed now, under ``generation``."""
        for partition, mark in self._marks.items():
            metrics.WATERMARK_LAG.labels(partition=partition).set(mark.ahead)
        return {partition: mark.position for partition, mark in self._marks.items()}

    def held(self, assigned: frozenset[int]) -> frozenset[int]:
        """Of the assigned partitions those of which nothing may be fetched now: all without room, those with
        as many unfinished frames past the watermark as may be, and while room is scarce those that have their
        share of it. While there is room, there is one with less than its share."""
        if self.room == 0:
            return assigned
        marks = self._marks.items()
        held = {partition for partition, mark in marks if mark.ahead >= self._max_uncommitted}
        if self.scarce:
            share = self._max_frames / max(1, len(assigned))
            held |= {partition for partition in assigned if self._in_flight[partition] >= share}
        return assigned & held

    @property
    def room(self) -> int:
        """How many records may be in flight beside those that are."""
        return self._max_frames - self._credits.frames if self._credits.open else 0

    @property
    def scarce(self) -> bool:
        """Whether only the reserve is left."""
        return self.room <= self._reserve

    @property
    def wanted(self) -> int:
        """How many records may be fetched at once: none of the reserve, unless only that is left."""
        return max(1, self.room if self.scarce else self.room - self._reserve)

    @property
    def idle(self) -> bool:
        """Whether nothing is in flight."""
        return self._credits.frames == 0

    async def change(self, timeout: float) -> None:
        """Wait until a frame leaves, at most ``timeout`` seconds."""
        self._changed.clear()
        try:
            async with asyncio.timeout(timeout):
                await self._changed.wait()
        except TimeoutError:
            return
