"""Shadows: a bank held against the one in force on a line's newest stored frames, as a job one can watch."""

import asyncio
from collections import Counter, OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal
from uuid import UUID, uuid4

import structlog

from schemas.activation import Activated
from schemas.reasons import VerdictKind
from schemas.verdict import Verdict
from service.store import MissingObject, ObjectStore, ObjectTooLarge, StoreError
from service.store.keys import frame_key
from service.web.banks_tried import TriedBanks
from service.web.bench import Judgement, Unjudged
from service.web.problem import Problem
from service.web.view import View
from service.web.view.verdicts import Filter

BATCH = 8
REMEMBERED = 20
KINDS = tuple(kind for kind in VerdictKind if kind is not VerdictKind.DROPPED)
_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Flip:
    """A frame on which the banks disagree."""

    frame: Verdict
    before: str
    after: str
    score_before: float | None
    score_after: float | None


@dataclass(slots=True)
class Shadow:
    """A comparison under way or done. ``done`` of ``total`` judgements are made, two a frame."""

    line: str
    before: Activated
    after: Activated
    total: int
    shadow_id: UUID = field(default_factory=uuid4)
    state: Literal["running", "done", "failed", "cancelled"] = "running"
    done: int = 0
    sentence: str = ""
    compared: int = 0
    missing: int = 0
    unreadable: int = 0
    flips: Counter[tuple[str, str]] = field(default_factory=Counter)
    flipped: list[Flip] = field(default_factory=list)


class Shadows:
    """The comparisons of this page, one at a time on the device. They are gone when the page ends."""

    def __init__(self, view: View, store: ObjectStore, tried: TriedBanks, max_bytes: int) -> None:
        self._view, self._store, self._tried, self._max_bytes = view, store, tried, max_bytes
        self._known: OrderedDict[UUID, Shadow] = OrderedDict()
        self._tasks: dict[UUID, asyncio.Task[None]] = {}

    async def begin(self, line: str, version: str, frames: int) -> Shadow:
        """Start to hold a version against the bank in force. Raises ``Problem``: 404 for a line without a
        bank or frames, 409 while another comparison runs, and as ``TriedBanks`` does."""
        if any(shadow.state == "running" for shadow in self._known.values()):
            raise Problem(409, "another comparison is running: wait for it, or cancel it")
        before = await self._view.in_force(line)
        if before is None:
            raise Problem(404, f"line {line} has no bank to compare with: activate one first")
        after = await self._tried.as_if_in_force(line, version)
        found = (await self._view.page(Filter(line, KINDS), None, frames)).verdicts
        if not found:
            raise Problem(404, f"line {line} has sent no frame yet: there is nothing to compare on")
        shadow = Shadow(line, before, after, 2 * len(found))
        self._remember(shadow)
        self._tasks[shadow.shadow_id] = asyncio.create_task(self._run(shadow, found), name="shadow")
        return shadow

    def get(self, line: str, shadow_id: UUID) -> Shadow:
        """Raises ``Problem`` 404 for one that is not known any longer."""
        if shadow_id not in self._known or self._known[shadow_id].line != line:
            raise Problem(404, f"comparison {shadow_id} is not known: the page forgets them when it restarts")
        return self._known[shadow_id]

    def cancel(self, line: str, shadow_id: UUID) -> None:
        """End one; one that has ended stays as it is."""
        if self.get(line, shadow_id).state == "running":
            self._tasks[shadow_id].cancel()

    async def close(self) -> None:
        """End all."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _remember(self, shadow: Shadow) -> None:
        self._known[shadow.shadow_id] = shadow
        while len(self._known) > REMEMBERED:
            old, _ = self._known.popitem(last=False)
            self._tasks.pop(old, None)

    async def _run(self, shadow: Shadow, frames: Sequence[Verdict]) -> None:
        try:
            before = await self._judged(shadow, shadow.before, frames)
            after = await self._judged(shadow, shadow.after, frames)
            _count(shadow, frames, before, after)
            shadow.state = "done"
        except asyncio.CancelledError:
            shadow.state, shadow.sentence = "cancelled", "The comparison was cancelled."
            raise
        except (Problem, StoreError) as error:
            shadow.state, shadow.sentence = "failed", str(error)
            _log.warning("comparison failed", line=shadow.line, cause=str(error))

    async def _judged(
        self, shadow: Shadow, bank: Activated, frames: Sequence[Verdict]
    ) -> dict[UUID, Judgement | Unjudged]:
        told: dict[UUID, Judgement | Unjudged] = {}
        for begin in range(0, len(frames), BATCH):
            batch = frames[begin : begin + BATCH]
            data = await asyncio.gather(*(self._fetched(frame) for frame in batch))
            there = [(frame, one) for frame, one in zip(batch, data, strict=True) if one is not None]
            answers = await self._tried.judge(bank, [one for _, one in there]) if there else []
            told |= {frame.frame_uid: answer for (frame, _), answer in zip(there, answers, strict=True)}
            shadow.done += len(batch)
        return told

    async def _fetched(self, frame: Verdict) -> bytes | None:
        try:
            return await self._store.get(frame_key(frame.line, frame.frame_uid), max_bytes=self._max_bytes)
        except (MissingObject, ObjectTooLarge):
            return None


def _count(
    shadow: Shadow,
    frames: Sequence[Verdict],
    before: dict[UUID, Judgement | Unjudged],
    after: dict[UUID, Judgement | Unjudged],
) -> None:
    for frame in frames:
        old, new = before.get(frame.frame_uid), after.get(frame.frame_uid)
        if old is None or new is None:
            shadow.missing += 1
        elif isinstance(old, Unjudged) and not old.readable:
            shadow.unreadable += 1
        else:
            shadow.compared += 1
            _compare(shadow, frame, old, new)


def _compare(shadow: Shadow, frame: Verdict, old: Judgement | Unjudged, new: Judgement | Unjudged) -> None:
    (before, score_before), (after, score_after) = _said(old), _said(new)
    if before != after:
        shadow.flips[(before, after)] += 1
        shadow.flipped.append(Flip(frame, before, after, score_before, score_after))


def _said(told: Judgement | Unjudged) -> tuple[str, float | None]:
    return (told.verdict.value, told.score) if isinstance(told, Judgement) else ("fault", None)
