"""The desk for alerts: what people did about them becomes a line event, from which every reader agrees."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from schemas.line_event import LineEvent
from schemas.reasons import LineEventKind
from service.alerting import AlertGroup, Hygiene
from service.signing.events import send_event
from service.signing.signer import Signer
from service.stream.base import DeliveryError, Producer
from service.web.problem import Problem
from service.web.shapes import AlertGroupItem, LineAlerts, SnoozeFacts

SHOWN = 50


class AlertDesk:
    """Snoozes lines, closes groups, and tells how they stand. Nothing is ever deleted."""

    def __init__(
        self, hygiene: Hygiene, producer: Producer, topic: str, signer: Signer | None = None
    ) -> None:
        self._hygiene, self._producer, self._topic = hygiene, producer, topic
        self._signer = signer

    def state(self, line: str) -> LineAlerts:
        """A line's groups, newest first, and its snooze."""
        snooze = self._hygiene.snooze(line, datetime.now(UTC))
        groups = list(self._hygiene.groups(line))[:SHOWN]
        return LineAlerts(
            line=line,
            groups=tuple(_item(group) for group in groups),
            snooze=SnoozeFacts(until=snooze.until, actor=snooze.actor, why=snooze.why) if snooze else None,
        )

    async def snooze(self, line: str, minutes: float, why: str, actor: str) -> LineAlerts:
        """Tell nobody of the line's alerts for so long; 0 ends it. Raises ``Problem`` 503 when the broker
        does not acknowledge."""
        until = datetime.now(UTC) + timedelta(minutes=minutes)
        await self._write(line, LineEventKind.SNOOZED, why or "no reason given", actor, until=until)
        return self.state(line)

    async def close(self, line: str, group_id: UUID, why: str, actor: str) -> LineAlerts:
        """Close a group. Raises ``Problem``: 404 for one that is not known, 409 for one that is closed, 503
        when the broker does not acknowledge."""
        group = next((each for each in self._hygiene.groups(line) if each.group_id == group_id), None)
        if group is None:
            raise Problem(404, f"line {line} has no group of alerts {group_id} that the page remembers")
        if group.closed is not None:
            raise Problem(409, f"{group.closed.actor} closed this group already: {group.closed.why}")
        await self._write(line, LineEventKind.ALERT_CLOSED, why, actor, alert_id=group_id)
        return self.state(line)

    async def _write(
        self,
        line: str,
        kind: LineEventKind,
        sentence: str,
        actor: str,
        *,
        until: datetime | None = None,
        alert_id: UUID | None = None,
    ) -> None:
        now = datetime.now(UTC)
        event = LineEvent(
            kind=kind, line=line, sentence=sentence, actor=actor, until=until, alert_id=alert_id, at=now
        )
        try:
            await send_event(self._producer, self._topic, event, str(uuid4()), self._signer)
        except DeliveryError as error:
            raise Problem(503, "the broker did not acknowledge in time: try again in a moment") from error
        self._hygiene.hear(event)


def _item(group: AlertGroup) -> AlertGroupItem:
    closed = group.closed
    return AlertGroupItem(
        group_id=group.group_id,
        began_at=group.began_at,
        last_at=group.last_at,
        newest_frame=group.newest_frame,
        defects=group.defects,
        reviews=group.reviews,
        held=group.held,
        closed_by=closed.actor if closed else None,
        closed_why=closed.why if closed else None,
        closed_at=closed.at if closed else None,
    )
