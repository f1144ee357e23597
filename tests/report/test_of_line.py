from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from uuid import UUID

from schemas.command import ApproveGood, ConfirmDefect, FrameRef
from schemas.frame import Headers
from schemas.line_event import LineEvent
from schemas.reasons import LineEventKind, VerdictKind
from schemas.topics import TOPICS, TopicKind
from schemas.verdict import Verdict
from service.report.line_record import LineRecord, read_line
from service.report.of_line import Kinds, line_report
from service.report.page import page_of
from service.signing.signer import Signer
from service.signing.trust import UNCHECKED, Trust
from service.stream.memory import MemoryBroker
from tests.report.verdicts import NOON, verdict
from tests.signing.keyring import BANKS, COMMANDS, Keyring

PREFIX = "patchline."
SINCE = NOON - timedelta(hours=1)
STRANGE, FALSE, MISS, FINE, FAULT = (
    verdict(1, VerdictKind.DEFECT, 6.5),
    verdict(2, VerdictKind.REVIEW, 2.5),
    verdict(3, VerdictKind.OK, 1.5),
    verdict(4, VerdictKind.OK, 1.0),
    verdict(5, VerdictKind.FAULT),
)


def _record() -> LineRecord:
    record = LineRecord("line1", SINCE, approved={FALSE.frame_uid}, confirmed={MISS.frame_uid})
    for number, each in enumerate((STRANGE, FALSE, MISS, FINE, FAULT)):
        record.verdicts[(0, number)] = each
    return record


def test_the_page_counts_what_was_judged_and_shows_what_people_corrected() -> None:
    page = page_of(line_report(_record(), {STRANGE.frame_uid: b"\x89PNG"}, NOON + timedelta(hours=1), "1.0"))
    assert "judged 5 frames and flagged 2 of them (40.00%)" in page
    assert "Of 2 flagged parts, people called 1 good and 0 defective" in page
    assert "People called 1 parts defective that the line had let pass." in page
    assert "flat" in page
    assert page.count("data:image/png") == 1


def test_the_curve_is_of_the_parts_that_people_answered_and_says_so() -> None:
    page = page_of(line_report(_record(), {}, NOON + timedelta(hours=1), "1.0"))
    assert "the area under it is 0.000. Only of the 2 parts that people answered" in page


def test_a_line_that_was_silent_has_a_report_that_says_so() -> None:
    page = page_of(line_report(LineRecord("line1", SINCE), {}, NOON, "1.0"))
    assert "No frame was judged since" in page


def test_the_worst_come_first() -> None:
    kinds = Kinds(_record())
    assert kinds.strangest == [STRANGE, FALSE]
    assert (kinds.false_alarms, kinds.misses) == ([FALSE], [MISS])


async def test_a_line_is_read_back_with_what_was_carried_out_and_nothing_else() -> None:
    log = await _Log.opened()
    second = STRANGE.model_copy(update={"score": 99.0})
    for sent in (STRANGE, second, FALSE, MISS):
        await log.send(TopicKind.VERDICTS, sent)
    await log.send(TopicKind.VERDICTS, FINE, key=b"line2")
    await log.answer(_good(1, FALSE))
    await log.send(TopicKind.COMMANDS, _good(2, STRANGE))
    await log.answer(_defective(3, MISS))
    record = await log.read(UNCHECKED)
    assert list(record.verdicts.values()) == [STRANGE, FALSE, MISS]
    assert (record.approved, record.confirmed) == ({FALSE.frame_uid}, {MISS.frame_uid})
    assert len(record.events) == 2


async def test_with_keys_what_strangers_write_changes_no_report(tmp_path: Path) -> None:
    ours, strangers = Keyring(tmp_path / "ours"), Keyring(tmp_path / "strangers")
    plant, page = ours.new("plant", BANKS), ours.new("page", COMMANDS)
    stranger, forger = strangers.new("plant", BANKS), strangers.new("page", COMMANDS)
    log, trust = await _Log.opened(), ours.trust()
    for sent in (STRANGE, FALSE, MISS):
        await log.send(TopicKind.VERDICTS, sent)
    await log.answer(_good(1, FALSE), page, plant)
    # Asked for by the page, and not carried out: no stranger can say that it was.
    await log.send(TopicKind.COMMANDS, _good(2, STRANGE), _signed_by(page))
    before = await log.read(trust)
    for signer in (None, stranger, page):
        await log.send(TopicKind.LINE_EVENTS, _done(2), _event_signed_by(signer))
    # Carried out, by a result that is good: what it was is in the command, and this one is not the page's.
    await log.send(TopicKind.LINE_EVENTS, _done(4), plant.event)
    for author in (None, forger, plant):
        await log.send(TopicKind.COMMANDS, _defective(4, MISS), _signed_by(author))
        await log.send(TopicKind.COMMANDS, _defective(1, MISS), _signed_by(author))
    # Good for another line, and laid beside this one's key.
    await log.send(TopicKind.LINE_EVENTS, _done(2, line="line2"), plant.event)
    after = await log.read(trust)
    assert before.approved == after.approved == {FALSE.frame_uid}
    assert before.confirmed == after.confirmed == set()
    assert [event.command_id for event in after.events] == [UUID(int=1), UUID(int=4)]


Signs = Callable[[str, bytes], Headers]


def _signed_by(signer: Signer | None) -> Signs:
    return _unsigned if signer is None else signer.record


def _event_signed_by(signer: Signer | None) -> Signs:
    if signer is None:
        return _unsigned
    return signer.event if signer.use is BANKS else signer.record


def _unsigned(_line: str, _value: bytes) -> Headers:
    return ()


def _ref(of: Verdict) -> FrameRef:
    return FrameRef(frame_uid=of.frame_uid, frame_id=of.frame_id, frame_sha256=of.frame_sha256)


def _good(number: int, of: Verdict) -> ApproveGood:
    name = UUID(int=number)
    return ApproveGood(command_id=name, line="line1", actor="ann", issued_at=NOON, frames=(_ref(of),))


def _defective(number: int, of: Verdict) -> ConfirmDefect:
    name = UUID(int=number)
    return ConfirmDefect(command_id=name, line="line1", actor="ann", issued_at=NOON, frame=_ref(of))


def _done(number: int, line: str = "line1") -> LineEvent:
    kind, name = LineEventKind.COMMAND_DONE, UUID(int=number)
    return LineEvent(kind=kind, line=line, sentence="Done.", command_id=name, at=NOON)


class _Log:
    """The topics of an installation, all in memory."""

    def __init__(self, broker: MemoryBroker) -> None:
        self._broker = broker

    @classmethod
    async def opened(cls) -> "_Log":
        broker = MemoryBroker()
        topics = {kind.name(PREFIX): kind for kind in TOPICS.values()}
        await broker.create_topics(topics, partitions=2, replication=1)
        return cls(broker)

    async def send(
        self,
        kind: TopicKind,
        message: Verdict | ApproveGood | ConfirmDefect | LineEvent,
        sign: Signs = _unsigned,
        key: bytes = b"line1",
    ) -> None:
        producer, value = await self._broker.producer(), message.to_bytes()
        headers = sign(message.line, value)
        await producer.send(TOPICS[kind].name(PREFIX), key=key, value=value, headers=headers)

    async def answer(
        self, command: ApproveGood | ConfirmDefect, page: Signer | None = None, plant: Signer | None = None
    ) -> None:
        """What a person said, carried out."""
        await self.send(TopicKind.COMMANDS, command, _signed_by(page))
        await self.send(TopicKind.LINE_EVENTS, _done(command.command_id.int), _event_signed_by(plant))

    async def read(self, trust: Trust) -> LineRecord:
        return await read_line(self._broker, PREFIX, "line1", SINCE, trust, lambda *_: None)
