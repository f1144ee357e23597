"""The health of a line: what is wrong with it, told from its newest verdict and events. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from schemas.line_event import LineEvent
from schemas.reasons import FaultReason, Worded
from schemas.verdict import Verdict
from service.annals.calendar import Span

SILENT_SECONDS = 60
SILENT_GAPS = 10
STALE_SECONDS = 60


class Health(Worded):
    """What can be wrong with a line, the gravest first."""

    MAINTENANCE = "maintenance", "The line is under maintenance: its parts are not judged."
    NO_BANK = "no-bank", "No bank is in force: train one from good parts."
    BREAKER_OPEN = "breaker-open", "The line sent too much bad input: its frames are kept and not judged."
    CAMERA_FAULT = "camera-fault", "The camera gives no pictures, or such that cannot be judged."
    NO_FRAMES = "no-frames", "No frame comes: look at the camera and its trigger."
    STALE_BANK = "stale-bank", "The line is still judged by an older bank than the one in force."
    DRIFT = "drift", "The scores no longer come from where they came: look at light, focus and the parts."


@dataclass(frozen=True, slots=True)
class Signs:
    """What is known of a line. ``frames_last_hour`` counts verdicts; the events are the newest of their kind,
    ``cameras`` the faults that hold, and ``maintenance`` the span that holds now."""

    now: datetime
    epoch: int
    activated_at: datetime | None
    last: Verdict | None
    frames_last_hour: int
    breaker: LineEvent | None = None
    drift: LineEvent | None = None
    cameras: Sequence[LineEvent] = ()
    maintenance: Span | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong, and its sentence."""

    health: Health
    sentence: str


def findings(signs: Signs) -> list[Finding]:
    """All that is wrong, the gravest first; empty when all is well."""
    order = list(Health)
    found = {finding.health: finding for finding in _found(signs)}
    return sorted(found.values(), key=lambda finding: order.index(finding.health))


def _found(signs: Signs) -> Iterator[Finding]:
    last = signs.last
    if signs.maintenance is not None:
        yield Finding(Health.MAINTENANCE, _maintenance(signs.maintenance))
    if not signs.epoch:
        yield _said(Health.NO_BANK)
    if signs.breaker is not None and signs.breaker.breaker_open:
        yield Finding(Health.BREAKER_OPEN, signs.breaker.sentence)
    if last is not None and last.reason in _OF_THE_CAMERA:
        yield Finding(Health.CAMERA_FAULT, last.reason.sentence)
    if signs.cameras:
        yield Finding(Health.CAMERA_FAULT, _without_pictures(signs.cameras))
    if _silent(signs):
        yield _said(Health.NO_FRAMES)
    if _stale(signs):
        yield _said(Health.STALE_BANK)
    if signs.drift is not None and signs.drift.epoch in (None, signs.epoch):
        yield Finding(Health.DRIFT, signs.drift.sentence)


_OF_THE_CAMERA = frozenset(
    {
        FaultReason.FLAT,
        FaultReason.OVER_EXPOSED,
        FaultReason.WRONG_SIZE,
        FaultReason.WRONG_CHANNELS,
        FaultReason.WRONG_DEPTH,
    }
)


def _silent(signs: Signs) -> bool:
    """Longer than a minute without a frame, and longer than ten of the gaps that are usual on the line."""
    if signs.last is None:
        return signs.epoch > 0
    silence = (signs.now - signs.last.inspected_at).total_seconds()
    usual = 3600 / signs.frames_last_hour if signs.frames_last_hour else 0
    return silence > max(SILENT_SECONDS, SILENT_GAPS * usual)


def _stale(signs: Signs) -> bool:
    """The newest part was judged by an older epoch, long after a newer one was put in force."""
    last = signs.last
    if last is None or last.epoch is None or signs.activated_at is None or last.epoch >= signs.epoch:
        return False
    return last.inspected_at - signs.activated_at > timedelta(seconds=STALE_SECONDS)


def _without_pictures(cameras: Sequence[LineEvent]) -> str:
    more = f"; {len(cameras) - 1} more of its cameras give none" if len(cameras) > 1 else ""
    return f"{cameras[0].sentence}{more}"


def _maintenance(span: Span) -> str:
    why = f": {span.why}" if span.why else ""
    return f"Under maintenance until {span.end:%H:%M} UTC, says {span.actor}{why}."


def _said(health: Health) -> Finding:
    return Finding(health, health.sentence)
