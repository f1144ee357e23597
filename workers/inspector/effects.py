"""The effects of an outcome, in their order: pictures stored, then verdict, then alert, each acknowledged.

The alert is the first verdict's, whoever wrote that: one of a superseded verdict is never made.

An alert whose heatmap cannot be fetched would be worse than a late one, hence the store comes first; the
offset comes last, so that a crash between any two repeats effects instead of losing them.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Literal, TypeVar
from uuid import UUID

import structlog

from schemas.alert import Alert
from schemas.cloudevents import cloudevent_headers
from schemas.frame import FRAME_HEADERS, Headers
from schemas.ids import sha256_hex
from schemas.line_event import LineEvent
from schemas.reasons import FaultReason, VerdictKind
from schemas.topics import TOPICS, TopicKind
from schemas.verdict import Verdict
from service.inspection.breaker import Passage
from service.retention.sample import in_sample
from service.settings import DeadlineSettings
from service.store.errors import StoreError
from service.store.keys import STORE_ALIAS, dead_letter_key, frame_key, heatmap_key
from service.store.object_store import ObjectStore
from service.stream.base import DeliveryError, Placed, Producer, Record
from service.telemetry import metrics
from service.telemetry.stages import Stage
from service.telemetry.tracing import context_headers, span, spans
from workers.extraction.protocol import Judged, Outcome, Unfit, Unreadable
from workers.inspector.breakers import Breakers
from workers.inspector.drift import DriftWatch
from workers.inspector.job import Job, Rejected
from workers.inspector.outcome import dead_letter_of, verdict_of
from workers.inspector.readback import FirstVerdicts

_FIRST_PAUSE, _LONGEST_PAUSE = 0.2, 10.0
_NO_DEADLINES = DeadlineSettings()
_T = TypeVar("_T")
_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class EffectRules:
    """Where effects go and what is kept."""

    topic_prefix: str
    public_url: str
    keep_ok_frames: Literal["all", "sample", "none"]
    max_inline_bytes: int
    deadlines: DeadlineSettings = _NO_DEADLINES
    keep_ok_share: float = 1.0

    def keeps_ok(self, frame_uid: UUID) -> bool:
        """Whether the frame of an ok part is stored."""
        if self.keep_ok_frames == "sample":
            return in_sample(frame_uid, self.keep_ok_share)
        return self.keep_ok_frames == "all"

    def topic(self, kind: TopicKind) -> str:
        """A topic's full name."""
        return TOPICS[kind].name(self.topic_prefix)


class Effects:
    """Publishes outcomes. Each method returns when its effects are acknowledged, and tries until they are:
    what is in flight is bounded, so an outage of broker or store becomes back-pressure."""

    def __init__(
        self,
        store: ObjectStore,
        producer: Producer,
        rules: EffectRules,
        drift: DriftWatch,
        firsts: FirstVerdicts,
        breakers: Breakers,
    ) -> None:
        self._store, self._producer, self._rules, self._drift = store, producer, rules, drift
        self._firsts, self._breakers = firsts, breakers

    async def publish(self, batch: Sequence[tuple[Job, Outcome]]) -> None:
        """The effects of a batch: all pictures, then the verdicts in order, then the alerts of those that
        are the effective ones, then what their scores tell of drift and the breakers tell."""
        batch = [(job, self._past_breaker(job, outcome)) for job, outcome in batch]
        with _timed(Stage.STORE):
            await self._store_pictures(batch)
        with _timed(Stage.PUBLISH):
            await self._tell(batch, datetime.now(UTC))

    async def _tell(self, batch: Sequence[tuple[Job, Outcome]], now: datetime) -> None:
        concluded = await asyncio.gather(*(self._conclude(job, outcome, now) for job, outcome in batch))
        traces = {job.uid: context_headers(job.envelope.record.headers) for job, _ in batch}
        await self._alert_of([written for written in concluded if written is not None], traces)
        for job, outcome in batch:
            # A replayed frame is an old one: it tells nothing of the line as it is now.
            if isinstance(outcome, Judged) and job.envelope.headers.replay_of is None:
                await self._tell_drift(job.line, outcome, now)
        await self._tell_breakers()

    def _past_breaker(self, job: Job, outcome: Outcome) -> Outcome:
        """What an unreadable probe becomes: past an open breaker every frame with bytes has a verdict, so
        that an inspector that inspects again cannot disagree on its class."""
        if job.pixels == 0:
            return outcome
        self._breakers.concluded(job.envelope, job.passage, outcome)
        if job.passage is Passage.PROBE and isinstance(outcome, Unreadable):
            return Unfit(FaultReason.BREAKER_OPEN.value, 0, 0)
        return outcome

    async def repeat_alert(self, verdict: Verdict, trace: Headers = ()) -> None:
        """Make the alert of a stored verdict again: equal to the byte, should it be there already."""
        if verdict.alarming:
            with span("publish the alert", of=trace):
                await self._send_alert(verdict, trace)

    async def set_aside(self, record: Record, rejected: Rejected) -> None:
        """Write a dead letter with the message's own bytes, by reference where they are too many."""
        reference = await self._outsourced(record.value or b"")
        letter = dead_letter_of(record, rejected, datetime.now(UTC), original_ref=reference)
        event_id = f"{record.topic}/{record.partition}/{record.offset}"
        line = (record.key or b"").decode(errors="replace")[:63]
        content = "application/octet-stream"
        events = cloudevent_headers("dead-letters", event_id, line, letter.set_aside_at, content_type=content)
        own = tuple((name, value) for name, value in record.headers if name in FRAME_HEADERS)
        headers = letter.to_headers() + events + own
        value = None if reference is not None else record.value
        # A record without key and value would be no record at all.
        await self._send(TopicKind.DEAD_LETTERS, record.key, value if record.key else value or b"", headers)
        metrics.DEAD_LETTERS.labels(reason=rejected.reason.value).inc()
        _log.info(
            "dead letter", reason=rejected.reason.value, partition=record.partition, offset=record.offset
        )
        await self._tell_breakers()

    async def _outsourced(self, data: bytes) -> str | None:
        if len(data) <= self._rules.max_inline_bytes:
            return None
        key = dead_letter_key(sha256_hex(data))
        await self._put(key, data)
        return f"{STORE_ALIAS}/{key}"

    async def _store_pictures(self, batch: Sequence[tuple[Job, Outcome]]) -> None:
        pictures = {key: data for job, outcome in batch for key, data in self._pictures(job, outcome)}
        with spans("store pictures", of=[job.envelope.record.headers for job, _ in batch]):
            await _insist(lambda: self._put_all(pictures), "a frame's picture")

    async def _put_all(self, pictures: dict[str, bytes]) -> None:
        """Take out what is stored: what is left when it raises is to be tried again, and nothing else."""
        failures = await self._store.put_all(pictures)
        for key in pictures.keys() - failures.keys():
            del pictures[key]
        if failures:
            raise next(iter(failures.values()))

    def _pictures(self, job: Job, outcome: Outcome) -> Iterator[tuple[str, bytes]]:
        if isinstance(outcome, Judged) and outcome.heatmap is not None:
            yield heatmap_key(job.line, job.uid, outcome.version), outcome.heatmap
        if not isinstance(outcome, Unreadable) and self._keeps(job, outcome):
            yield frame_key(job.line, job.uid), job.data

    def _keeps(self, job: Job, outcome: Judged | Unfit) -> bool:
        fine = isinstance(outcome, Judged) and outcome.verdict == VerdictKind.OK.value
        return not fine or self._rules.keeps_ok(job.uid)

    async def _alert_of(
        self, written: Sequence[tuple[Verdict, Placed]], traces: Mapping[UUID, Headers]
    ) -> None:
        effective = await _insist(lambda: self._firsts.settle(written), self._rules.topic(TopicKind.VERDICTS))
        await asyncio.gather(*(self.repeat_alert(v, traces.get(v.frame_uid, ())) for v in effective))

    async def _conclude(self, job: Job, outcome: Outcome, now: datetime) -> tuple[Verdict, Placed] | None:
        if isinstance(outcome, Unreadable):
            await self._set_aside_job(job, outcome)
            return None
        deadline = self._rules.deadlines.ms(job.line)
        verdict = verdict_of(job, outcome, self._rules.public_url, now, deadline)
        if not self._keeps(job, outcome):
            verdict = verdict.model_copy(update={"frame_url": None})
        trace = context_headers(job.envelope.record.headers)
        with span("publish the verdict", of=trace):
            return verdict, await self._send_verdict(verdict, trace)

    async def _set_aside_job(self, job: Job, outcome: Unreadable) -> None:
        record = replace(job.envelope.record, value=job.data)
        await self.set_aside(record, Rejected.of(outcome.reason, outcome.sentence))

    async def _tell_drift(self, line: str, judged: Judged, now: datetime) -> None:
        event = self._drift.observe(line, judged, now)
        if event is None:
            return
        await self._tell_event(f"drift/{line}/{judged.epoch}/{now.isoformat()}", event)
        _log.warning("drift", line=line, epoch=judged.epoch, told=event.sentence)

    async def _tell_breakers(self) -> None:
        for event in self._breakers.events():
            await self._tell_event(f"breaker/{event.line}/{event.at.isoformat()}", event)
            _log.warning("breaker", line=event.line, open=event.breaker_open)

    async def _tell_event(self, event_id: str, event: LineEvent) -> None:
        headers = cloudevent_headers("line-events", event_id, event.line, event.at)
        await self._send(TopicKind.LINE_EVENTS, event.line.encode(), event.to_bytes(), headers)

    async def _send_verdict(self, verdict: Verdict, trace: Headers) -> Placed:
        headers = cloudevent_headers("verdicts", str(verdict.frame_uid), verdict.line, verdict.inspected_at)
        key, source = verdict.line.encode(), verdict.source
        value, partition = verdict.to_bytes(), source.partition
        placed = await self._send(TopicKind.VERDICTS, key, value, headers + trace, partition=partition)
        metrics.FRAMES.labels(line=verdict.line, verdict=verdict.verdict.value).inc()
        metrics.LATENCY.observe(max(datetime.now(UTC).timestamp() - source.timestamp_ms / 1000, 0.0))
        return placed

    async def _send_alert(self, verdict: Verdict, trace: Headers) -> None:
        alert = Alert.of(verdict)
        headers = cloudevent_headers("alerts", str(alert.alert_id), alert.line, alert.inspected_at)
        await self._send(TopicKind.ALERTS, alert.line.encode(), alert.to_bytes(), headers + trace)
        metrics.ALERTS.labels(line=verdict.line).inc()

    async def _send(
        self,
        kind: TopicKind,
        key: bytes | None,
        value: bytes | None,
        headers: Headers,
        *,
        partition: int | None = None,
    ) -> Placed:
        topic = self._rules.topic(kind)
        return await _insist(
            lambda: self._producer.send(topic, key=key, value=value, headers=headers, partition=partition),
            topic,
        )

    async def _put(self, key: str, data: bytes) -> None:
        await _insist(lambda: self._store.put(key, data), key)


def _timed(stage: Stage) -> AbstractContextManager[None]:
    return metrics.STAGE_SECONDS.labels(stage=stage.value).time()


async def _insist(action: Callable[[], Awaitable[_T]], what: str) -> _T:
    pause = _FIRST_PAUSE
    while True:
        try:
            return await action()
        except (DeliveryError, StoreError) as error:
            _log.warning("effect not acknowledged; tried again", what=what, cause=str(error), seconds=pause)
            await asyncio.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)
