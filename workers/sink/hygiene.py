"""Which alerts a sink tells: as the page, once in a cooldown, and none of a line that a person snoozed."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial

from schemas.alert import Alert
from schemas.reasons import LineEventKind
from service.alerting import Hygiene, HygienePolicy, Ring
from service.ledger.scan import scan
from service.ledger.snapshot import Window, first_since
from service.settings import AlertsSettings
from service.signing.events import heard_if_any
from service.signing.trust import Trust
from service.sinks.config import AnySink
from service.stream.base import Broker, Record
from service.stream.follower import Follower
from service.telemetry import metrics

# What was told is known from the alerts themselves: after a restart the last day is gone through again, as
# by the page, and of a flood so many of each partition.
PAST = timedelta(days=1)
MOST_READ_BACK = 10_000
_MAX_RECORDS = 500
# Most line events tell of other things: only what may be one of these is parsed.
_MARKS = tuple(kind.value.encode() for kind in (LineEventKind.SNOOZED, LineEventKind.ALERT_CLOSED))


class SinkHygiene:
    """Of one sink of alerts. Alerts count that ``wanted`` lets through. Used from one event loop."""

    def __init__(
        self,
        name: str,
        broker: Broker,
        topics: tuple[str, str],
        config: AnySink,
        page: AlertsSettings,
        trust: Trust,
        wanted: Callable[[Alert], bool],
    ) -> None:
        """``topics`` are those of alerts and of line events."""
        self._name, self._broker, self._trust, self._wanted = name, broker, trust, wanted
        self._alerts, events = topics
        self._policy = policy_of(config, page)
        self._snooze = config.snooze is not False
        self._hygiene = Hygiene(self._policy)
        self._follower = Follower(broker, events, self._hear)

    async def follow(self) -> None:
        """Hear of snoozes and closed groups; never returns by itself."""
        await self._follower.run()

    def not_ready_because(self) -> str | None:
        """None once all that people said is known, and while it is heard on."""
        return self._follower.not_ready_because()

    async def begin(self, starts: Mapping[int, int]) -> None:
        """A new assignment: these partitions go on from these offsets, and what lies before was told or held.
        Raises ``StreamError``."""
        self._hygiene.forget_alerts()
        past = list[Ring]()
        for partition, start in starts.items():
            past += await self._past(partition, start)
        for ring in sorted(past, key=lambda ring: ring.at):
            self._hygiene.ring(ring)

    def holds(self, alert: Alert) -> bool:
        """Whether the alert is not to be told. Each is asked about once."""
        hold = self._hygiene.ring(Ring.of(alert))
        if hold.tell:
            return False
        metrics.SINK_HELD.labels(sink=self._name, reason=hold.hold.value).inc()
        return True

    async def _hear(self, records: Sequence[Record]) -> None:
        for record in records:
            if any(mark in (record.value or b"") for mark in _MARKS):
                self._take(record)

    def _take(self, record: Record) -> None:
        event = heard_if_any(record, self._trust)
        if event is not None and (self._snooze or event.kind is not LineEventKind.SNOOZED):
            self._hygiene.hear(event)

    async def _past(self, partition: int, start: int) -> list[Ring]:
        reader = await self._broker.reader(self._alerts, partitions=frozenset({partition}))
        found = list[Ring]()
        try:
            first, end = (await reader.bounds())[partition]
            begin = await self._first(partition, Window(max(first, start - MOST_READ_BACK), start, end))
            await scan(
                reader,
                {partition: (begin, min(start, end))},
                partial(self._rings, found),
                lambda _done, _all: None,
                max_records=_MAX_RECORDS,
            )
        finally:
            await reader.close()
        return found

    async def _first(self, partition: int, window: Window) -> int:
        past = max(PAST, 2 * timedelta(seconds=self._policy.cooldown_seconds))
        since_ms = int((datetime.now(UTC) - past).timestamp() * 1000)
        return await first_since(self._broker, self._alerts, partition, window, since_ms)

    def _rings(self, found: list[Ring], records: Sequence[Record]) -> None:
        for record in records:
            try:
                alert = Alert.from_bytes(record.value or b"")
            except ValueError:
                continue  # counted when it was read first
            if self._wanted(alert):
                found.append(Ring.of(alert))


def policy_of(config: AnySink, page: AlertsSettings) -> HygienePolicy:
    """As the page, but for what the sink's table says."""
    group, cooldown = config.group_seconds, config.cooldown_seconds
    return HygienePolicy(
        page.group_seconds if group is None else group,
        page.cooldown_seconds if cooldown is None else cooldown,
    )
