"""Views of one part joined into one report: good when every view came in time and is good.

Pure bookkeeping: the caller's clock, no I/O. Views are named by line or by camera.
"""

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Generic, TypeVar

Token = TypeVar("Token")
# Decided parts whose late views are still known as such.
REMEMBERED = 4096


@dataclass(frozen=True, slots=True)
class Seen(Generic[Token]):
    """One view as it came: its name, whether it is good, and what the caller wants back with the part."""

    view: str
    good: bool
    token: Token


@dataclass(frozen=True, slots=True)
class Joined(Generic[Token]):
    """A part that is decided. ``seen`` has one entry for each view that came, in the order of coming."""

    part_id: str
    good: bool
    seen: tuple[Seen[Token], ...]
    missing: frozenset[str]


@dataclass(slots=True)
class _Open(Generic[Token]):
    due: float
    seen: list[Seen[Token]] = field(default_factory=list)


class PartJoin(Generic[Token]):
    """Joins views by part id. ``seconds`` run from a part's first view."""

    def __init__(self, views: frozenset[str], seconds: float) -> None:
        if not views:
            raise ValueError("a join without views decides nothing: name at least one")
        self._views, self._seconds = views, seconds
        self._open: dict[str, _Open[Token]] = {}
        self._came_short: OrderedDict[str, set[str]] = OrderedDict()

    @property
    def waiting(self) -> int:
        """Parts that are not decided."""
        return len(self._open)

    def add(self, part_id: str, seen: Seen[Token], now: float) -> Joined[Token] | None:
        """A view came. Answers the part once all its views are there. A view that comes twice makes the part
        as good as its worst one. Raises ``ValueError`` for a view that is none of the join's."""
        if seen.view not in self._views:
            raise ValueError(f"view {seen.view!r} is none of {sorted(self._views)}")
        part = self._open.setdefault(part_id, _Open(now + self._seconds))
        part.seen.append(seen)
        if self._views <= {each.view for each in part.seen}:
            return self._decide(part_id)
        return None

    def takes_late(self, part_id: str, view: str) -> bool:
        """Whether this view belongs to a part that was decided without it: it changes nothing any more, and
        is not to be added. A view that comes after it begins the part anew."""
        short = self._came_short.get(part_id, set())
        if view not in short:
            return False
        short.discard(view)
        return True

    def due(self, now: float) -> Iterator[Joined[Token]]:
        """The parts whose time is up, each once: not good."""
        for part_id in [name for name, part in self._open.items() if part.due <= now]:
            yield self._decide(part_id)

    def next_due(self) -> float | None:
        """When the first open part's time is up."""
        return min((part.due for part in self._open.values()), default=None)

    def forget(self) -> None:
        """Drop all that is open: its views come again."""
        self._open.clear()
        self._came_short.clear()

    def _decide(self, part_id: str) -> Joined[Token]:
        seen = tuple(self._open.pop(part_id).seen)
        missing = self._views - {each.view for each in seen}
        self._came_short[part_id] = set(missing)
        self._came_short.move_to_end(part_id)
        if len(self._came_short) > REMEMBERED:
            self._came_short.popitem(last=False)
        return Joined(part_id, not missing and all(each.good for each in seen), seen, missing)
