"""Hygiene: a line's alerts and what people said of them go in; which of them to tell comes out.

Pure: no clock, no I/O. Every moment is a message's own, so that page and sinks, given the same messages,
decide the same. It only holds back telling: nothing is deleted, and a group counts what was held.
"""

from collections import OrderedDict, deque
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from uuid import UUID

from schemas.line_event import LineEvent
from schemas.reasons import LineEventKind, Worded
from service.alerting.ring import AlertGroup, Closing, Ring

GROUPS_KEPT = 200
RINGS_REMEMBERED = 10_000


class Hold(Worded):
    """Why an alert is told, or held back."""

    FIRST = "first", "It opens a group, and nothing was told of the line lately."
    WORSE = "worse", "It is the first defect of a group of reviews."
    STILL = "still", "Its group goes on, and the cooldown is over."
    GROUPED = "grouped", "Its group was told of within the cooldown."
    SNOOZED = "snoozed", "A person snoozed the line."
    REPEATED = "repeated", "The same alert came before."


TOLD = frozenset({Hold.FIRST, Hold.WORSE, Hold.STILL})


@dataclass(frozen=True, slots=True)
class HygienePolicy:
    """``group_seconds``: an alert within so long of the one before joins its group. ``cooldown_seconds``: a
    line is told of at most once in so long, but for a first defect among reviews."""

    group_seconds: float = 300.0
    cooldown_seconds: float = 900.0


@dataclass(frozen=True, slots=True)
class Snooze:
    """Until when a line is quiet, who said so and why."""

    since: datetime
    until: datetime
    actor: str
    why: str


@dataclass(frozen=True, slots=True)
class Decision:
    """What to do with an alert. ``held`` is how many of its group were held back before it."""

    hold: Hold
    group: AlertGroup
    held: int = 0

    @property
    def tell(self) -> bool:
        """Whether people are to be told."""
        return self.hold in TOLD


@dataclass(slots=True)
class _Line:
    groups: "OrderedDict[UUID, AlertGroup]" = field(default_factory=OrderedDict)
    snoozes: "deque[Snooze]" = field(default_factory=lambda: deque(maxlen=GROUPS_KEPT))
    closings: "OrderedDict[UUID, Closing]" = field(default_factory=OrderedDict)
    group_of: "OrderedDict[UUID, UUID]" = field(default_factory=OrderedDict)
    told_at: datetime | None = None


class Hygiene:
    """Give it every alert of the ``alerts`` topic (``ring``) and every record of ``line-events`` (``hear``;
    other kinds are ignored), line-events first when both are read from their beginning. Memory is bounded:
    the newest groups and alerts of each line. Not for several threads."""

    def __init__(self, policy: HygienePolicy | None = None) -> None:
        self._policy = policy or HygienePolicy()
        self._lines: dict[str, _Line] = {}

    def ring(self, ring: Ring) -> Decision:
        """Take the next alert. One that came before changes nothing."""
        line = self._lines.setdefault(ring.line, _Line())
        known = line.group_of.get(ring.alert_id)
        if known is not None:
            return Decision(Hold.REPEATED, line.groups.get(known) or AlertGroup.begun(ring))
        group = self._group(line, ring)
        hold = self._hold(line, group, ring)
        told = hold in TOLD
        if told:
            line.told_at = max(ring.at, line.told_at or ring.at)
        joined = line.groups[group.group_id] = group.joined(ring, told=told)
        line.group_of[ring.alert_id] = group.group_id
        _trim(line)
        return Decision(hold, joined, group.held if told else 0)

    def hear(self, event: LineEvent) -> None:
        """Take a line's event: a snooze, or a group that was closed. An event again changes nothing."""
        line = self._lines.setdefault(event.line, _Line())
        actor = event.actor or "unknown"
        if event.kind is LineEventKind.SNOOZED and event.until is not None:
            line.snoozes.append(Snooze(event.at, event.until, actor, event.sentence))
        elif event.kind is LineEventKind.ALERT_CLOSED and event.alert_id is not None:
            closing = line.closings.setdefault(event.alert_id, Closing(actor, event.sentence, event.at))
            if event.alert_id in line.groups:
                line.groups[event.alert_id] = replace(line.groups[event.alert_id], closed=closing)
            _trim(line)

    def forget_alerts(self) -> None:
        """Drop every alert and what was told of them, for a reader that takes them anew; what people said
        stays."""
        for line in self._lines.values():
            line.groups.clear()
            line.group_of.clear()
            line.told_at = None

    def groups(self, line: str) -> Sequence[AlertGroup]:
        """The groups of a line, newest first."""
        known = self._lines.get(line)
        return list(reversed(known.groups.values())) if known else []

    def snooze(self, line: str, now: datetime) -> Snooze | None:
        """The snooze that holds at a moment: the newest word counts, and one whose end is past is none."""
        known = self._lines.get(line)
        heard = [snooze for snooze in known.snoozes if snooze.since <= now] if known else []
        newest = max(heard, key=lambda snooze: snooze.since, default=None)
        return newest if newest is not None and now < newest.until else None

    def _group(self, line: _Line, ring: Ring) -> AlertGroup:
        newest = next(reversed(line.groups.values()), None)
        near = newest is not None and ring.at - newest.last_at <= _seconds(self._policy.group_seconds)
        if newest is not None and near and (newest.closed is None or ring.at <= newest.closed.at):
            return newest
        return replace(AlertGroup.begun(ring), closed=line.closings.get(ring.alert_id))

    def _hold(self, line: _Line, group: AlertGroup, ring: Ring) -> Hold:
        if self.snooze(ring.line, ring.at) is not None:
            return Hold.SNOOZED
        if group.count and ring.defect and not group.defects:
            return Hold.WORSE
        cooldown = self._policy.cooldown_seconds
        # Alerts of several partitions come in no order: without a cooldown an older one is told as well.
        cool = line.told_at is None or not cooldown or ring.at - line.told_at >= _seconds(cooldown)
        if not cool:
            return Hold.GROUPED
        return Hold.STILL if group.count else Hold.FIRST


def _seconds(number: float) -> timedelta:
    return timedelta(seconds=number)


def _trim(line: _Line) -> None:
    for kept, limit in (
        (line.groups, GROUPS_KEPT),
        (line.closings, GROUPS_KEPT),
        (line.group_of, RINGS_REMEMBERED),
    ):
        while len(kept) > limit:
            kept.popitem(last=False)
