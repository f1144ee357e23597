"""The suite itself: a judge that cannot find fault is worthless."""

import re
from pathlib import Path
from random import Random

import pytest

from tests.faults.__main__ import verdict_of
from tests.faults.catalogue import CASES, Case
from tests.faults.commits import Commits
from tests.faults.doomed_inspector import WHERE
from tests.faults.form import percentile
from tests.faults.growth import Growth
from tests.faults.test_01_kill import dooms
from tests.faults.test_16_swap import epochs_only_grow, one_version_a_batch

ROOT = Path(__file__).parent.parent.parent


def watched(*samples: tuple[float, dict[int, int]]) -> Commits:
    """A watch that saw these samples."""
    commits = Commits("127.0.0.1:9", "frames", "group")
    commits.samples = list(samples)
    return commits


def verdict(source: int, epoch: int, moment: str = "noon") -> dict[str, object]:
    """What is looked at of a verdict."""
    place = {"partition": 0, "offset": source}
    return {
        "line": "north",
        "epoch": epoch,
        "bank_version": str(epoch),
        "inspected_at": moment,
        "source": place,
    }


def test_each_case_is_there_once_and_names_tests_that_exist_or_why_there_are_none() -> None:
    assert [case.number for case in CASES] == list(range(1, 26))
    for case in CASES:
        assert case.laws or case.open
        for law in case.laws:
            file, _, name = law.partition("::")
            assert re.search(rf"^(async )?def {name or 'test_'}", (ROOT / file).read_text(), re.MULTILINE), (
                law
            )


def test_an_offset_that_goes_back_is_seen() -> None:
    assert watched((0, {0: 1, 1: 5}), (1, {0: 2, 1: 5})).never_went_back()
    assert not watched((0, {0: 1, 1: 5}), (1, {0: 2, 1: 4})).never_went_back()


def test_recovery_waits_for_every_partition() -> None:
    commits = watched((0, {0: 1, 1: 5}), (3, {0: 2, 1: 5}), (7, {0: 2, 1: 6}))
    assert commits.recovery(1) == 6
    with pytest.raises(AssertionError, match="nothing moved"):
        commits.recovery(4, seconds=0.3)


def test_the_longest_stall_reaches_from_begin_to_end() -> None:
    commits = watched((1, {0: 1, 1: 1}), (2, {0: 2, 1: 1}), (3, {0: 3, 1: 1}))
    assert commits.longest_stall(0, 10) == 9
    assert watched().longest_stall(0, 10) == 10


def test_a_batch_of_two_versions_and_an_epoch_that_falls_are_seen() -> None:
    assert one_version_a_batch([verdict(0, 1), verdict(1, 1), verdict(2, 2, "later")])
    assert not one_version_a_batch([verdict(0, 1), verdict(1, 2)])
    assert epochs_only_grow([verdict(0, 1), verdict(1, 2)])
    assert not epochs_only_grow([verdict(0, 2), verdict(1, 1)])


def test_the_percentile_is_one_of_the_values_and_rounds_up() -> None:
    assert percentile([3.0, 1.0, 2.0], 0.95) == 3.0
    assert percentile([float(n) for n in range(1, 101)], 0.95) == 95.0
    assert percentile([7.0], 0.5) == 7.0


def grown(*samples: tuple[float, float]) -> Growth:
    """What was seen each minute: MiB and descriptors."""
    growth = Growth(1)
    growth.samples = [(60.0 * n, *sample) for n, sample in enumerate(samples)]
    return growth


def test_a_leak_of_memory_or_descriptors_is_seen_through_noise_and_noise_is_none() -> None:
    rng = Random(5)
    noise = [rng.gauss(0, 3) for _ in range(60)]
    assert grown(*((500 + noise[n], 40) for n in range(60))).none
    assert not grown(*((500 + n + noise[n], 40) for n in range(60))).none
    assert not grown(*((500 + noise[n], 40 + n / 4) for n in range(60))).none
    assert not grown((500, 40), (500, 40)).none, "nothing is known of so short a life"
    # What warms up and then stays is no leak.
    assert grown(*((500 + min(n, 15) + noise[n] / 10, 40) for n in range(60))).none


def test_kills_come_before_and_after_each_effect_before_any_place_comes_again() -> None:
    places = [doom.rpartition(":")[0] for doom in dooms(20)]
    assert set(places[:10]) == {f"{effect}:{moment}" for effect in WHERE for moment in ("before", "after")}
    assert dooms(20) == dooms(20)


def test_a_case_holds_only_when_all_of_it_was_run_and_held() -> None:
    case = Case(1, "a case", ("a law",))
    assert verdict_of(case, {"passed"}, held=True) == "holds"
    assert verdict_of(case, {"passed", "failed"}, held=True) == "falls"
    assert verdict_of(case, {"passed"}, held=False) == "figure missed"
    assert verdict_of(case, set(), held=True) == "not run"
    assert verdict_of(Case(1, "a case", ("a law",), "no GPU"), {"passed"}, held=True) == "partly"
