"""From a banks log that lost records to one that every reader takes for whole."""

from collections.abc import Callable
from dataclasses import dataclass

from schemas.topics import TOPICS, TopicKind
from service.banks.activation_reader import ActivationFollower
from service.banks.activation_writer import ActivationWriter
from service.banks.archive import Archive
from service.banks.archive_gap import ArchiveGap, archive_gaps
from service.banks.banks_log import BanksLog, read_banks_log
from service.banks.restoration import LineForked, Restoration, RestoredLine
from service.signing.signatures import UNSIGNED, Signatures
from service.store import ObjectStore
from service.stream.base import Broker, StreamError

Progress = Callable[[int, int], None]


class RestorationRefused(ValueError):
    """Nothing was written; the sentence says why."""


@dataclass(frozen=True, slots=True)
class RestorationReport:
    """``lines`` are those of which something was written, ``forked`` sentences about those left alone,
    ``archived`` the files that the store lacked, ``marked`` whether the topic had forgotten its beginning."""

    lines: tuple[RestoredLine, ...]
    forked: tuple[str, ...]
    archived: int
    marked: bool


async def restore_log(
    broker: Broker,
    store: ObjectStore,
    topic_prefix: str,
    *,
    line: str | None = None,
    signatures: Signatures = UNSIGNED,
    actor: str = "patchline",
    progress: Progress = lambda _done, _total: None,
) -> RestorationReport:
    """Write again what the banks topic lacks of one line or of all, epochs kept, and archive what the store
    lacks. Doing it again changes nothing. Waits for broker and store. Raises ``RestorationRefused``,
    ``StreamError`` and ``StoreError``; after either of these, do it again."""
    topic = TOPICS[TopicKind.BANKS].name(topic_prefix)
    trust = signatures.trust
    log = await read_banks_log(broker, topic_prefix, trust)
    gaps = _chosen(log, await archive_gaps(log, Archive(store)), line, topic)
    producer = await broker.producer()
    try:
        restoration = Restoration(producer, store, topic, signatures, actor)
        lines, forked = await _restored(restoration, log, gaps, progress)
        if not log.whole:
            await restoration.mark(log.end)
        await _require_restored(broker, store, topic_prefix, gaps)
        follower = ActivationFollower(await broker.reader(topic), topic, trust=trust)
        try:
            archived = await ActivationWriter(producer, follower, store, topic).archive()
        finally:
            await follower.close()
    finally:
        await producer.close()
    return RestorationReport(tuple(lines), tuple(forked), archived, not log.whole)


def _chosen(log: BanksLog, gaps: list[ArchiveGap], line: str | None, topic: str) -> list[ArchiveGap]:
    if line is None:
        return gaps
    if not log.whole:
        raise RestorationRefused(
            f"{topic} has forgotten its first {log.first} records, whichever lines they spoke of: name no "
            "line, so that all are restored together"
        )
    found = [gap for gap in gaps if gap.line == line]
    if not found:
        raise RestorationRefused(f"neither {topic} nor the object store has an activation of line {line}")
    return found


async def _restored(
    restoration: Restoration, log: BanksLog, gaps: list[ArchiveGap], progress: Progress
) -> tuple[list[RestoredLine], list[str]]:
    lines: list[RestoredLine] = []
    forked: list[str] = []
    for number, gap in enumerate(gaps, start=1):
        try:
            restored = await restoration.restore(log, gap)
        except LineForked as error:
            forked.append(str(error))
        else:
            lines += [restored] if restored.epochs or restored.published else []
        progress(number, len(gaps))
    return lines, forked


async def _require_restored(broker: Broker, store: ObjectStore, prefix: str, gaps: list[ArchiveGap]) -> None:
    """Another writer may have been at it meanwhile."""
    asked = {gap.line for gap in gaps if not gap.forked}
    log = await read_banks_log(broker, prefix)
    short = [gap for gap in await archive_gaps(log, Archive(store)) if gap.line in asked and gap.absent]
    if short:
        raise StreamError(
            f"{short[0].line} is at epoch {short[0].logged} after the restoration, and the store has more: "
            "restore once more"
        )
