"""Laws of the messages."""

from datetime import UTC, datetime
from uuid import UUID

import pytest
from pydantic import ValidationError

from schemas.alert import Alert
from schemas.cloudevents import cloudevent_headers
from schemas.dead_letter import DeadLetter
from schemas.frame import FrameHeaders
from schemas.reasons import CommandKind, DeadLetterReason, FaultReason, LineEventKind, VerdictKind
from schemas.verdict import Region, Source, Verdict

MOMENT = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)
UID = UUID(int=7)


def a_verdict(kind: VerdictKind = VerdictKind.DEFECT) -> Verdict:
    return Verdict(
        frame_uid=UID,
        line="line1",
        frame_id="part-1",
        frame_sha256="a" * 64,
        verdict=kind,
        score=3.5,
        p_value=0.01,
        alpha=0.01,
        threshold=3.0,
        review_threshold=2.5,
        model="default",
        bank_version="b" * 64,
        epoch=4,
        regions=(Region(x=1, y=2, width=3, height=4, score=3.5),),
        frame_url="http://p/f",
        heatmap_url="http://p/h",
        source=Source(partition=0, offset=9, timestamp_ms=1),
        inspected_at=MOMENT,
    )


def test_an_alert_made_again_is_equal_to_the_byte() -> None:
    stored = Verdict.from_bytes(a_verdict().to_bytes())
    assert Alert.of(stored).to_bytes() == Alert.of(a_verdict()).to_bytes()


@pytest.mark.parametrize("kind", [VerdictKind.OK, VerdictKind.FAULT, VerdictKind.DROPPED])
def test_a_verdict_that_alarms_nobody_has_no_alert(kind: VerdictKind) -> None:
    with pytest.raises(ValueError, match="has no alert"):
        Alert.of(a_verdict(kind))


def test_a_reader_ignores_fields_it_does_not_know() -> None:
    grown = a_verdict().to_bytes().replace(b'{"schema_version"', b'{"of_tomorrow":1,"schema_version"')
    assert Verdict.from_bytes(grown) == a_verdict()


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValidationError, match="no zone"):
        FrameHeaders.parse((("captured-at", b"2026-01-31T12:00:00"),))


def test_frame_headers_survive_the_wire() -> None:
    headers = FrameHeaders(frame_id="a:1", captured_at=MOMENT, camera="north", part_id="P 1")
    assert FrameHeaders.parse(headers.to_headers()) == headers


def test_cloudevents_time_stands_in_for_the_capture_time() -> None:
    assert FrameHeaders.parse((("ce_time", b"2026-01-31T12:00:00Z"),)).captured_at == MOMENT


def test_foreign_headers_are_ignored() -> None:
    assert FrameHeaders.parse((("traceparent", b"\xff\xfe"),)) == FrameHeaders()


@pytest.mark.parametrize(
    "reference",
    [b"../secret", b"store/../../etc/passwd", b"/etc/passwd", b"no-slash", b"store//key", b"store/./key"],
)
def test_a_reference_that_names_no_object_is_refused(reference: bytes) -> None:
    with pytest.raises(ValidationError, match="names no object"):
        FrameHeaders.parse((("frame-ref", reference),))


def test_a_dead_letter_survives_its_headers() -> None:
    letter = DeadLetter(
        reason=DeadLetterReason.TRUNCATED,
        sentence="ends early",
        source_topic="patchline.frames",
        source_partition=3,
        source_offset=12,
        source_timestamp_ms=5,
        sha256="c" * 64,
        set_aside_at=MOMENT,
    )
    foreign = cloudevent_headers("dead-letters", str(UID), "line1", MOMENT)
    assert DeadLetter.from_headers(letter.to_headers() + foreign) == letter


def test_every_word_of_a_closed_set_has_a_sentence() -> None:
    for kind in (VerdictKind, FaultReason, DeadLetterReason, CommandKind, LineEventKind):
        for member in kind:
            assert member.sentence.endswith("."), member
