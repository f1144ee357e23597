from datetime import timedelta
from uuid import UUID

from schemas.command import ApproveGood, ConfirmDefect, FrameRef
from schemas.line_event import LineEvent
from schemas.reasons import LineEventKind, VerdictKind
from schemas.topics import TOPICS, TopicKind
from schemas.verdict import Verdict
from service.report.line_record import LineRecord, read_line
from service.report.of_line import Kinds, line_report
from service.report.page import page_of
from service.stream.memory import MemoryBroker
from tests.report.verdicts import NOON, verdict

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
    broker = MemoryBroker()
    await broker.create_topics(
        {kind.name(PREFIX): kind for kind in TOPICS.values()}, partitions=2, replication=1
    )
    second = STRANGE.model_copy(update={"score": 99.0})
    for sent in (STRANGE, second, FALSE, MISS):
        await _send(broker, TopicKind.VERDICTS, sent)
    await _send(broker, TopicKind.VERDICTS, FINE, key=b"line2")
    await _command(broker, ApproveGood, 1, done=True, frames=(_ref(FALSE),))
    await _command(broker, ApproveGood, 2, done=False, frames=(_ref(STRANGE),))
    await _command(broker, ConfirmDefect, 3, done=True, frame=_ref(MISS))
    record = await read_line(broker, PREFIX, "line1", SINCE, lambda *_: None)
    assert list(record.verdicts.values()) == [STRANGE, FALSE, MISS]
    assert (record.approved, record.confirmed) == ({FALSE.frame_uid}, {MISS.frame_uid})
    assert len(record.events) == 2


def _ref(of: Verdict) -> FrameRef:
    return FrameRef(frame_uid=of.frame_uid, frame_id=of.frame_id, frame_sha256=of.frame_sha256)


async def _command(
    broker: MemoryBroker,
    kind: type[ApproveGood] | type[ConfirmDefect],
    number: int,
    *,
    done: bool,
    **fields: object,
) -> None:
    command = kind.model_validate(
        {"command_id": UUID(int=number), "line": "line1", "actor": "ann", "issued_at": NOON, **fields}
    )
    await _send(broker, TopicKind.COMMANDS, command)
    if done:
        event = LineEvent(
            kind=LineEventKind.COMMAND_DONE,
            line="line1",
            sentence="Done.",
            command_id=command.command_id,
            at=NOON,
        )
        await _send(broker, TopicKind.LINE_EVENTS, event)


async def _send(
    broker: MemoryBroker,
    kind: TopicKind,
    message: Verdict | ApproveGood | ConfirmDefect | LineEvent,
    key: bytes = b"line1",
) -> None:
    producer = await broker.producer()
    await producer.send(TOPICS[kind].name(PREFIX), key=key, value=message.to_bytes())
