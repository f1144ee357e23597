from dataclasses import replace
from functools import lru_cache

import numpy as np
import pytest

from schemas.reasons import Gate
from service.banks.bank_file import read_bank
from service.images.decode import decode
from service.inspection.extractor import PatchExtractor
from service.training.build import build_bank
from service.training.built import BuiltBank
from service.training.canary_watch import CanaryWatch
from service.training.features import PartFeatures
from service.training.gates import (
    Before,
    Findings,
    GateLimits,
    false_alarms,
    judge_growth,
    judge_rebuild,
    margin,
    part_score,
)
from service.training.growth import grow_bank
from service.training.known_parts import KnownParts
from service.training.part import GoodPart
from service.training.thresholds import Rates
from tests.rebuilder.stains import VIOLET, stained
from tests.training.parts import QUICK, QuickNetwork, good_parts

LIMITS = GateLimits(margin_loss=0.2, suspicious_multiple=1000, part_cost=0.2, usual_part_cost=0.2)


@lru_cache(maxsize=1)
def taught() -> BuiltBank:
    return build_bank("line1", "default", good_parts(8), QUICK, QuickNetwork())


def features(data: bytes) -> PartFeatures:
    extractor = PatchExtractor(QuickNetwork(), QUICK, taught().manifest.contract)
    return np.asarray(extractor.extract([decode(data)])[0], dtype=np.float16)


def before(**canaries: PartFeatures) -> Before:
    built = taught()
    return Before(built.memory_bank, built.thresholds, CanaryWatch.of(built.memory_bank, canaries))


def grown(*pictures: bytes) -> tuple[BuiltBank, dict[str, PartFeatures]]:
    built = taught()
    known = KnownParts.of(built.memory_bank, dict(enumerate(built.features.values())))
    parts = [GoodPart.of(f"new-{number}", data) for number, data in enumerate(pictures)]
    entries = [part.entry.model_copy(update={"origin": "approved"}) for part in parts]
    rows = {part.sha256: features(part.data) for part in parts}
    made = grow_bank(read_bank(built.data), known, list(rows.values()), entries, Rates())
    return made.built, rows


def multiple(old: Before, rows: PartFeatures) -> float:
    return margin(part_score(old, rows), old.thresholds)


def judged(old: Before, *pictures: bytes, limits: GateLimits = LIMITS, seconded: bool = False) -> Findings:
    built, rows = grown(*pictures)
    return judge_growth(old, built, rows, tuple(rows) if seconded else (), limits)


def gates(findings: Findings) -> list[Gate]:
    return [objection.gate for objection in findings.objections]


def test_canaries_after_a_growth_are_those_measured_afresh_to_the_bit() -> None:
    old = before(a=features(stained(40)), b=features(stained(41, 0.4)))
    built, rows = grown(stained(50, 0.5), stained(51, 0.2))
    after = judge_growth(old, built, rows, (), LIMITS).watch
    afresh = CanaryWatch.of(built.memory_bank, old.watch.features)
    for name, grid in afresh.distances.items():
        assert np.array_equal(after.distances[name], grid)


def test_a_canary_that_is_added_to_a_watch_leaves_the_others_as_they_are() -> None:
    bank = taught().memory_bank
    one, two = features(stained(40)), features(stained(41))
    watch = CanaryWatch.of(bank, {"a": one, "c": two})
    changed = watch.with_features(bank, {"a": one, "b": two})
    assert list(changed.distances) == ["a", "b"]
    assert changed.distances["a"] is watch.distances["a"]
    assert np.array_equal(changed.distances["b"], watch.distances["c"])


def test_a_canary_must_go_on_alarming_whoever_approves() -> None:
    old = before(canary=features(stained(40)))
    findings = judged(old, stained(50), seconded=True)
    assert gates(findings) == [Gate.CANARY_SILENT]
    assert not findings.objections[0].second_person


def test_new_parts_may_cost_a_canary_the_stated_share_and_more_with_a_second_person() -> None:
    old = before(canary=features(stained(40)))
    assert gates(judged(old, stained(50, 0.1))) == []
    assert gates(judged(old, stained(50, 0.4))) == [Gate.CANARY_MARGIN]
    assert gates(judged(old, stained(50, 0.4), seconded=True)) == []
    assert gates(judged(old, stained(50, 0.4), limits=GateLimits(0.5, 1000, 0.5, 0.5))) == []


def test_what_a_usual_part_costs_is_chance_and_only_the_margin_counts() -> None:
    old, near = before(canary=features(stained(40))), stained(50, 0.4)
    # Such a part is usual where eight known parts score higher.
    scores = np.full(8, 1e6, np.float32)
    usual = replace(old, bank=replace(old.bank, calibration_scores=scores))
    cost = GateLimits(margin_loss=0.9, suspicious_multiple=1000, part_cost=0.2, usual_part_cost=0.9)
    assert gates(judged(old, near, limits=cost)) == [Gate.CANARY_MARGIN]
    assert gates(judged(usual, near, limits=cost)) == []
    assert gates(judged(usual, near, limits=replace(cost, usual_p=1.0))) == [Gate.CANARY_MARGIN]
    assert gates(judged(usual, near, limits=replace(cost, usual_part_cost=0.2))) == [Gate.CANARY_MARGIN]
    margin_counts = replace(cost, margin_loss=0.1)
    assert gates(judged(usual, near, limits=margin_counts)) == [Gate.CANARY_MARGIN]
    assert gates(judged(usual, near, limits=margin_counts, seconded=True)) == []


def test_of_several_parts_the_one_at_fault_is_named() -> None:
    old = before(canary=features(stained(40)))
    built, rows = grown(good_parts(1, 20)[0].data, stained(50, 0.4), stained(51, 1.0, VIOLET))
    [objection] = judge_growth(old, built, rows, (), LIMITS).objections
    assert objection.parts == (list(rows)[1],)


def test_parts_that_wear_a_canary_only_together_need_a_second_person_too() -> None:
    old = before(canary=features(stained(40)))
    small = GateLimits(0.25, 1000, 0.25, 0.25)
    each = [stained(seed, 0.2) for seed in (50, 51, 52)]
    together = [stained(50, 0.2), stained(51, 0.2), stained(52, 0.25), stained(53, 0.3)]
    assert [gates(judged(old, data, limits=small)) for data in each] == [[]] * 3
    assert gates(judged(old, *together, limits=small)) == [Gate.CANARY_MARGIN]


def test_what_was_missed_before_is_a_known_miss_and_no_objection() -> None:
    old = before(canary=features(good_parts(1, 30)[0].data))
    findings = judged(old, stained(50))
    assert (gates(findings), findings.known_misses) == ([], ("canary",))


def test_a_part_that_is_like_a_canary_needs_a_second_person_also_when_that_is_missed() -> None:
    faint = features(stained(40, 0.1))
    assert multiple(before(), faint) < 1
    findings = judged(before(canary=faint), stained(50, 0.1), limits=GateLimits(0.2, 1000, 0.02, 0.02))
    assert (gates(findings), findings.known_misses) == ([Gate.CANARY_MARGIN], ("canary",))
    assert findings.objections[0].second_person
    assert findings.losses["canary"] > 0.02


def test_a_part_is_suspicious_above_the_multiple_unless_seconded() -> None:
    old, strict = before(), GateLimits(0.2, 1.5, 0.2)
    assert multiple(old, features(stained(50, 0.5))) > 1.5 > multiple(old, features(stained(50, 0)))
    assert gates(judged(old, stained(50, 0.5), limits=strict)) == [Gate.SUSPICIOUS_PART]
    assert gates(judged(old, stained(50, 0.5), limits=strict, seconded=True)) == []
    assert gates(judged(old, stained(50, 0.0), limits=strict)) == []


def test_a_rebuilt_bank_must_keep_its_canaries_alarming() -> None:
    old = before(canary=features(stained(40)))
    poisoned = [*good_parts(8), GoodPart.of("poison", stained(50))]
    built = build_bank("line1", "default", poisoned, QUICK, QuickNetwork())
    assert gates(judge_rebuild(old, built, LIMITS)) == [Gate.CANARY_SILENT]
    assert gates(judge_rebuild(old, taught(), LIMITS)) == []


@pytest.mark.parametrize(("alarming", "refused"), [(1, False), (6, False), (7, True), (20, True)])
def test_known_good_parts_may_alarm_no_more_than_chance_explains(alarming: int, refused: bool) -> None:
    """A threshold beneath too many of the parts that the line was trained on, as when a biased sample has
    joined the calibration: 99 parts at one in a hundred, of which seven are beyond the bound of 99.9 %."""
    built = taught()
    scores = np.linspace(1, 2, 99).astype(np.float32)
    entries = [part.entry for part in good_parts(1) for _ in range(99)]
    bank = replace(
        built.memory_bank,
        calibration_scores=scores,
        calibration_parts=np.arange(99, dtype=np.int32),
        part_count=99,
    )
    limit = float(scores[98 - alarming])
    thresholds = built.thresholds.model_copy(update={"alpha": 0.01, "defect_score": limit})
    manifest = built.manifest.model_copy(update={"parts": tuple(entries)})
    candidate = replace(built, memory_bank=bank, manifest=manifest, thresholds=thresholds)
    objection = false_alarms(candidate)
    assert (objection is not None) == refused
    if objection is not None:
        assert f"{alarming} of 99 known good parts would alarm" in objection.sentence({})
