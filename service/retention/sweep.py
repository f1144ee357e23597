"""One sweep: read what was judged and asked, list what is stored, tell what expires, then remove it."""

import asyncio
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from uuid import UUID, uuid5

import structlog

from schemas.ids import NAMESPACE
from schemas.line_event import LineEvent
from schemas.reasons import LineEventKind, VerdictKind
from schemas.topics import TOPICS, TopicKind
from service.ledger.scan import scan
from service.retention.index import RetentionIndex, StoredObject
from service.retention.plan import DAY_MS, YOUNGEST_MS, Plan, keep_days, plan
from service.retention.report import REPORT_KEY, ClassReport, RetentionReport
from service.settings import Settings
from service.signing.events import send_event
from service.signing.signer import Signer
from service.store import Listed, ObjectStore
from service.stream.base import Broker, Producer, Record
from service.telemetry import metrics

FOLDERS = ("frames", "heatmaps")
LISTED_AT_ONCE = 1_000
REMOVED_AT_ONCE = 200
REMOVES_AT_ONCE = 16
Take = Callable[[Sequence[Record]], None]
_log = structlog.get_logger()


class Sweeper:
    """Carries out retention over an installation, one sweep at a time. Nothing under ``parts/``,
    ``canaries/``, ``banks/``, ``activations/``, ``features/`` or ``sink-letters/`` is ever listed, so none
    of it is removed."""

    def __init__(
        self,
        settings: Settings,
        broker: Broker,
        producer: Producer,
        store: ObjectStore,
        index: RetentionIndex,
        signer: Signer | None = None,
    ) -> None:
        self._settings, self._broker, self._producer = settings, broker, producer
        self._store, self._index, self._signer = store, index, signer

    async def sweep(self, now: datetime | None = None) -> RetentionReport:
        """Waits for broker, store and disk. Raises ``StreamError`` and ``StoreError``: sweep again later;
        what was removed was told before."""
        began, moment = time.monotonic(), now or datetime.now(UTC)
        now_ms = int(moment.timestamp() * 1000)
        await self._read()
        stored = await self._list()
        made = await asyncio.to_thread(plan, self._index, self._settings.retention, now_ms, stored)
        await self._tell(made, moment)
        removed = await self._remove(made, now_ms)
        removed |= await self._remove_by_age(now_ms)
        oldest = int(max(keep_days(self._settings.retention).values()) + 8)
        await asyncio.to_thread(self._index.forget, now_ms - oldest * DAY_MS)
        report = await asyncio.to_thread(self._report, moment, now_ms, removed, time.monotonic() - began)
        await self._store.put(REPORT_KEY, report.model_dump_json().encode())
        _log.info("retention swept", removed=sum(count for count, _ in removed.values()))
        return report

    async def _read(self) -> None:
        for kind, take in (
            (TopicKind.VERDICTS, self._index.judged),
            (TopicKind.LINE_EVENTS, self._index.told),
            (TopicKind.COMMANDS, self._index.commanded),
        ):
            await self._follow(kind, take)

    async def _follow(self, kind: TopicKind, take: Take) -> None:
        topic = self._topic(kind)
        reader = await self._broker.reader(topic)
        try:
            spans = {}
            for partition, (begin, end) in (await reader.bounds()).items():
                known = self._index.position(topic, partition)
                # A topic that was made anew begins again.
                start = begin if known is None or known > end else max(known, begin)
                spans[partition] = (start, end)
            await scan(reader, spans, take, lambda _done, _total: None, max_records=2_000)
        finally:
            await reader.close()

    async def _list(self) -> int:
        self._index.begin_listing()
        stored = 0
        for folder in FOLDERS:
            batch: list[StoredObject] = []
            async for listed in self._store.list(folder):
                found = _object(listed)
                if found is not None:
                    stored += found.size
                    batch.append(found)
                if len(batch) == LISTED_AT_ONCE:
                    await asyncio.to_thread(self._index.listed, batch)
                    batch = []
            await asyncio.to_thread(self._index.listed, batch)
        return stored

    async def _tell(self, made: Plan, now: datetime) -> None:
        """Before anything is removed: a ledger check that runs beside must know what it may not find."""
        lines: dict[str, dict[VerdictKind, datetime]] = {}
        for (line, kind), at_ms in made.horizons.items():
            lines.setdefault(line, {})[kind] = datetime.fromtimestamp(at_ms / 1000, UTC)
        for line, expired in sorted(lines.items()):
            words = ", ".join(f"{kind} before {moment:%Y-%m-%d %H:%M}" for kind, moment in expired.items())
            event = LineEvent(
                kind=LineEventKind.RETENTION,
                line=line,
                sentence=f"frames and heatmaps are removed: {words}",
                expired_before=expired,
                at=now,
            )
            name = str(uuid5(NAMESPACE, f"retention/{line}/{now.isoformat()}"))
            await send_event(self._producer, self._topic(TopicKind.LINE_EVENTS), event, name, self._signer)

    async def _remove(self, made: Plan, now_ms: int) -> dict[str, tuple[int, int]]:
        counts: dict[str, tuple[int, int]] = {}
        for kind, due in made.due.items():
            done, size = 0, 0
            for begin in range(0, len(due), REMOVED_AT_ONCE):
                # Somebody may have answered a part while others were being removed.
                await self._follow(TopicKind.COMMANDS, self._index.commanded)
                held = await asyncio.to_thread(self._index.held, now_ms - YOUNGEST_MS)
                batch = [found for found in due[begin : begin + REMOVED_AT_ONCE] if found.uid not in held]
                await self._delete([found.key for found in batch])
                await asyncio.to_thread(self._index.removed, [found.key for found in batch])
                done, size = done + len(batch), size + sum(found.size for found in batch)
            counts[kind] = (done, size)
            metrics.RETENTION_REMOVED.labels(kind=kind).inc(done)
        return counts

    async def _remove_by_age(self, now_ms: int) -> dict[str, tuple[int, int]]:
        settings, counts = self._settings.retention, {}
        for kind, folder, days in (
            ("uploads", "uploads", settings.upload_days),
            ("trainings", "trainings", settings.upload_days),
            ("dead-letters", "dead-letters", settings.dead_letter_days),
        ):
            before = now_ms - max(int(days * DAY_MS), YOUNGEST_MS)
            due = [one async for one in self._store.list(folder) if _modified_ms(one) < before]
            await self._delete([one.key for one in due])
            counts[kind] = (len(due), sum(one.size for one in due))
            metrics.RETENTION_REMOVED.labels(kind=kind).inc(len(due))
        return counts

    async def _delete(self, keys: Sequence[str]) -> None:
        slots = asyncio.Semaphore(REMOVES_AT_ONCE)

        async def delete(key: str) -> None:
            async with slots:
                await self._store.delete(key)

        await asyncio.gather(*(delete(key) for key in keys))

    def _report(
        self, now: datetime, now_ms: int, removed: dict[str, tuple[int, int]], seconds: float
    ) -> RetentionReport:
        settings = self._settings.retention
        classes = {
            kind.value: self._class(kind, days, now_ms, removed.get(kind.value, (0, 0)))
            for kind, days in keep_days(settings).items()
        }
        for kind in ("uploads", "dead-letters"):
            done, size = removed[kind]
            days = settings.upload_days if kind == "uploads" else settings.dead_letter_days
            classes[kind] = ClassReport(
                keep_days=days, objects=0, stored_bytes=0, bytes_per_day=0, removed=done, removed_bytes=size
            )
        metrics.RETENTION_BYTES.set(sum(one.stored_bytes for one in classes.values()))
        return RetentionReport(
            at=now,
            seconds=seconds,
            keep_ok_frames=self._settings.inspector.keep_ok_frames,
            max_bytes=settings.max_bytes,
            price_per_gb_month=settings.price_per_gb_month,
            classes=classes,
        )

    def _class(self, kind: VerdictKind, days: float, now_ms: int, removed: tuple[int, int]) -> ClassReport:
        query = (
            "SELECT COUNT(*), COALESCE(SUM(o.size), 0), "
            "COALESCE(SUM(CASE WHEN v.at_ms > ? THEN o.size END), 0) "
            "FROM objects o JOIN verdicts v USING (uid) WHERE v.kind = ?"
        )
        row = self._index.connection.execute(query, (now_ms - DAY_MS, kind.value)).fetchone()
        objects, stored, lately = row
        return ClassReport(
            keep_days=days,
            objects=objects,
            stored_bytes=stored,
            bytes_per_day=lately,
            removed=removed[0],
            removed_bytes=removed[1],
        )

    def _topic(self, kind: TopicKind) -> str:
        return TOPICS[kind].name(self._settings.kafka.topic_prefix)


def _object(listed: Listed) -> StoredObject | None:
    """The frame's uid is the name's first 36 characters; None of anything else that lies there."""
    name = listed.key.rpartition("/")[2][:36]
    try:
        uid = str(UUID(name))
    except ValueError:
        return None
    return StoredObject(listed.key, uid, listed.size, _modified_ms(listed))


def _modified_ms(listed: Listed) -> int:
    return int(listed.modified.timestamp() * 1000)
