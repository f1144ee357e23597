"""What is told of a part: good means judged good in time, and nothing else does."""

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.reasons import ReportKind, VerdictKind
from schemas.report import Report
from service.sinks.effective import Recent
from tests.sinks.reports import verdict


@pytest.mark.parametrize("kind", list(VerdictKind))
@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize("told_missing", [False, True])
def test_only_ok_in_time_is_good(kind: VerdictKind, late: bool, told_missing: bool) -> None:
    report = Report.of_verdict(verdict(kind=kind, late=late), late=told_missing)
    assert report.good == (kind is VerdictKind.OK and not late and not told_missing)
    assert report.late == (late or told_missing)


def test_a_missing_verdict_is_not_good_and_has_an_id_of_its_own() -> None:
    missing = Report.of_missing("line1", 3, 7, part_id="p")
    assert (missing.good, missing.kind, missing.part_id) == (False, ReportKind.MISSING, "p")
    assert missing.report_id != Report.of_verdict(verdict(7, partition=3)).report_id
    assert missing == Report.of_missing("line1", 3, 7, part_id="p")


def test_a_report_made_again_is_equal_to_the_byte() -> None:
    assert Report.of_verdict(verdict(5)).to_bytes() == Report.of_verdict(verdict(5)).to_bytes()
    assert get_args(Report.model_fields["schema_version"].annotation) == (1,)


@given(st.lists(st.integers(0, 20), max_size=60))
def test_of_what_comes_several_times_the_first_counts(things: list[int]) -> None:
    recent = Recent(100)
    assert [thing for thing in things if recent.first(thing)] == list(dict.fromkeys(things))


def test_memory_of_what_came_is_bounded() -> None:
    recent = Recent(2)
    assert all(recent.first(number) for number in (1, 2, 3))
    assert 1 not in recent
    assert 3 in recent
