"""A ring: what hygiene needs to know of an alert; and the group of rings that people close as one."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Self
from uuid import UUID

from schemas.alert import Alert
from schemas.ids import alert_id
from schemas.reasons import VerdictKind
from schemas.verdict import Verdict


@dataclass(frozen=True, slots=True)
class Ring:
    """One alert. ``defect`` tells a defect from a review; ``at`` is when the frame was inspected."""

    line: str
    alert_id: UUID
    frame_uid: UUID
    defect: bool
    at: datetime

    @classmethod
    def of(cls, alert: Alert) -> Self:
        """The ring of an alert."""
        defect = alert.verdict is VerdictKind.DEFECT
        return cls(alert.line, alert.alert_id, alert.frame_uid, defect, alert.inspected_at)

    @classmethod
    def of_verdict(cls, verdict: Verdict) -> Self | None:
        """The ring of the alert that a verdict has; None for one that has none."""
        if not verdict.alarming:
            return None
        defect = verdict.verdict is VerdictKind.DEFECT
        name = alert_id(verdict.frame_uid)
        return cls(verdict.line, name, verdict.frame_uid, defect, verdict.inspected_at)


@dataclass(frozen=True, slots=True)
class Closing:
    """Who closed a group, when and why."""

    actor: str
    why: str
    at: datetime


@dataclass(frozen=True, slots=True)
class AlertGroup:
    """Alerts of one line that came close together. ``group_id`` is the id of its first alert; ``held`` counts
    those that were not told since the last one that was."""

    line: str
    group_id: UUID
    began_at: datetime
    last_at: datetime
    newest_frame: UUID
    defects: int = 0
    reviews: int = 0
    held: int = 0
    closed: Closing | None = None

    @classmethod
    def begun(cls, ring: Ring) -> Self:
        """The group that a first alert opens; it counts none yet."""
        return cls(ring.line, ring.alert_id, ring.at, ring.at, ring.frame_uid)

    @property
    def count(self) -> int:
        """How many alerts it has."""
        return self.defects + self.reviews

    def joined(self, ring: Ring, *, told: bool) -> "AlertGroup":
        """The group with one more alert."""
        newest = ring.at >= self.last_at
        return replace(
            self,
            last_at=max(self.last_at, ring.at),
            newest_frame=ring.frame_uid if newest else self.newest_frame,
            defects=self.defects + ring.defect,
            reviews=self.reviews + (not ring.defect),
            held=0 if told else self.held + 1,
        )
