"""Laws of names and ids."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.ids import alert_id, default_frame_id, frame_uid, is_frame_id, is_line_id, sha256_hex

LINES = st.from_regex(r"\A[a-z0-9][a-z0-9-]{0,62}\Z")
FRAME_IDS = st.from_regex(r"\A[A-Za-z0-9._:-]{1,128}\Z")


@pytest.mark.parametrize("text", ["", "-a", "A", "a_b", "a/b", "..", "a" * 64, "a\n", "é"])
def test_a_line_id_that_breaks_the_rule_is_refused(text: str) -> None:
    assert not is_line_id(text)


@given(LINES)
def test_a_line_id_that_keeps_the_rule_is_taken(text: str) -> None:
    assert is_line_id(text)


@given(st.integers(0, 999), st.integers(0, 2**40), st.binary())
def test_a_default_frame_id_is_a_frame_id(partition: int, offset: int, data: bytes) -> None:
    assert is_frame_id(default_frame_id(partition, offset, sha256_hex(data)))


@given(LINES, FRAME_IDS, st.binary(), st.binary())
def test_a_reused_id_with_other_bytes_is_another_frame(line: str, name: str, one: bytes, two: bytes) -> None:
    same = frame_uid(line, name, sha256_hex(one)) == frame_uid(line, name, sha256_hex(two))
    assert same == (one == two)


@given(LINES, FRAME_IDS, st.binary())
def test_ids_hang_on_nothing_but_their_arguments(line: str, name: str, data: bytes) -> None:
    uid = frame_uid(line, name, sha256_hex(data))
    assert uid == frame_uid(line, name, sha256_hex(data))
    assert alert_id(uid) == alert_id(uid) != uid


def test_the_frame_uid_of_a_known_frame_never_changes() -> None:
    # Logs of users hang on it: when this fails, the namespace or the recipe of the id was changed.
    assert str(frame_uid("line1", "part-1", "0" * 64)) == "8e6da084-77d1-59f0-850e-46e02a83861f"
