"""The gates: what a bank must pass before it is put in force, and which parts need a second person."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from schemas.activation import Thresholds
from service.patchcore import Calibration, MemoryBank, fused_score
from service.training.built import BuiltBank
from service.training.canary_watch import CanaryWatch
from service.training.features import PartFeatures
from service.training.objection import Objection

CONFIDENCE = 0.999
_LEAST_THRESHOLD = 1e-6
_FEWEST_AS_HIGH = 5


@dataclass(frozen=True, slots=True)
class GateLimits:
    """``margin_loss``: the share of its margin, score by threshold, that a canary may lose to one build.
    ``suspicious_multiple``: the multiple of the defect threshold that a new part may score. ``part_cost``:
    the share of any canary's score that a new part may take, and ``usual_part_cost`` that a usual one may:
    one as high as which more than ``usual_p`` of the known good parts score held out, and five at least,
    since fewer cannot tell. Past any of the last three a second person is needed."""

    margin_loss: float = 0.2
    suspicious_multiple: float = 1.5
    part_cost: float = 0.01
    usual_part_cost: float = 0.1
    usual_p: float = 0.1


@dataclass(frozen=True, eq=False, slots=True)
class Before:
    """What is in force: the bank, its thresholds, and the canaries held against it."""

    bank: MemoryBank
    thresholds: Thresholds
    watch: CanaryWatch


@dataclass(frozen=True, eq=False, slots=True)
class Findings:
    """The ``objections``, none when the bank may be put in force; ``watch`` holds the canaries against the
    new bank; ``known_misses`` are the canaries, by sha256, that did not alarm before either; ``losses`` the
    share of its score that each canary loses."""

    objections: tuple[Objection, ...]
    watch: CanaryWatch
    known_misses: tuple[str, ...]
    losses: Mapping[str, float]


def judge_growth(
    before: Before,
    grown: BuiltBank,
    parts: Mapping[str, PartFeatures],
    seconded: Collection[str],
    limits: GateLimits,
) -> Findings:
    """Whether a bank that learned ``parts`` (by sha256) may be put in force. Of ``seconded`` parts two
    persons say that they are good: they may be suspicious and cost a canary its margin, never its alarm.
    Blocks for a search of the new parts and of the canaries."""
    after = before.watch.after(grown.memory_bank, before.bank.size)
    check = _check(before, after, grown)
    scores = {name: part_score(before, rows) for name, rows in parts.items()}
    usual = frozenset(name for name, score in scores.items() if is_usual(before, score, limits.usual_p))
    objections = [
        _suspicious(before, scores, seconded, limits),
        *(_silenced(before, check, name, grown) for name in check.silenced),
        *(
            _costly(before, check, name, grown, seconded, usual, limits)
            for name in check.worn(limits, new_parts=True)
        ),
        false_alarms(grown),
    ]
    return check.findings(objections, after)


def judge_rebuild(before: Before, built: BuiltBank, limits: GateLimits) -> Findings:
    """Whether a bank whose vectors were all selected again may be put in force. Blocks for a search of the
    canaries."""
    after = CanaryWatch.of(built.memory_bank, before.watch.features)
    check = _check(before, after, built)
    objections = [
        *(Objection.of_silenced(name, (), check.after[name]) for name in check.silenced),
        *(_worn(check, name, limits) for name in check.worn(limits, new_parts=False)),
        false_alarms(built),
    ]
    return check.findings(objections, after)


def false_alarms(built: BuiltBank) -> Objection | None:
    """The parts that the line was trained on, each held out, are known good: of those no more may alarm than
    chance explains, by the Beta bound of their number. What joined the calibration later cannot lower the
    threshold beneath them unseen."""
    bank, thresholds = built.memory_bank, built.thresholds
    frozen = [
        float(score)
        for score, part in zip(bank.calibration_scores, bank.calibration_parts, strict=True)
        if built.manifest.parts[int(part)].origin == "trained"
    ]
    if not frozen:
        return None
    alarms = sum(score > thresholds.defect_score for score in frozen)
    allowed = Calibration(np.asarray(frozen)).bound(max(thresholds.alpha, 1 / (len(frozen) + 1)), CONFIDENCE)
    if alarms <= allowed * len(frozen):
        return None
    return Objection.of_alarms(alarms, len(frozen), allowed, thresholds.alpha)


@dataclass(frozen=True, slots=True)
class _Check:
    """Canaries by sha256: their margins before and after, and the share of its score that each loses."""

    before: Mapping[str, float]
    after: Mapping[str, float]
    losses: Mapping[str, float]

    @property
    def known_misses(self) -> tuple[str, ...]:
        return tuple(name for name, margin in self.before.items() if not margin > 1)

    @property
    def silenced(self) -> tuple[str, ...]:
        return tuple(name for name in self.before if self.before[name] > 1 and not self.after[name] > 1)

    def worn(self, limits: GateLimits, *, new_parts: bool) -> tuple[str, ...]:
        """Those that go on alarming by a margin that fell too far. A new part may not take as much of any
        canary's score either, whether that alarms or is still missed: a good part is not like a defect."""
        fallen = (
            name
            for name in self.before
            if name not in self.silenced
            and (self.fell(name, limits) or (new_parts and self.losses[name] > limits.part_cost))
        )
        return tuple(fallen)

    def fell(self, name: str, limits: GateLimits) -> bool:
        """Whether a canary that alarmed loses more of its margin than it may."""
        return self.before[name] > 1 and self.fall(name) > limits.margin_loss

    def fall(self, name: str) -> float:
        """The share of its margin that a canary loses."""
        return 1 - self.after[name] / self.before[name]

    def findings(self, objections: Sequence[Objection | None], watch: CanaryWatch) -> Findings:
        found = tuple(objection for objection in objections if objection is not None)
        return Findings(found, watch, self.known_misses, self.losses)


def _check(before: Before, after: CanaryWatch, built: BuiltBank) -> _Check:
    old, new = before.watch.scores(before.bank.recipe), after.scores(built.memory_bank.recipe)
    return _Check(
        {name: margin(score, before.thresholds) for name, score in old.items()},
        {name: margin(score, built.thresholds) for name, score in new.items()},
        {name: 1 - new[name] / score if score > 0 else 0.0 for name, score in old.items()},
    )


def margin(score: float, thresholds: Thresholds) -> float:
    """By how many times a score passes the defect threshold; above 1 it alarms."""
    return score / max(thresholds.defect_score, _LEAST_THRESHOLD)


def _suspicious(
    before: Before, scores: Mapping[str, float], seconded: Collection[str], limits: GateLimits
) -> Objection | None:
    multiples = {name: margin(score, before.thresholds) for name, score in scores.items()}
    found = {
        name: multiple
        for name, multiple in multiples.items()
        if name not in seconded and multiple > limits.suspicious_multiple
    }
    return Objection.of_suspicious(found) if found else None


def part_score(before: Before, rows: PartFeatures) -> float:
    """A part's score under the bank in force. Blocks for a search."""
    return fused_score(before.bank.distances(rows), before.bank.recipe)


def is_usual(before: Before, score: float, usual_p: float) -> bool:
    """Whether enough of the known good parts score as high."""
    known = before.bank.calibration_scores
    as_high = int(np.count_nonzero(known >= score))
    return as_high > max(usual_p * len(known), _FEWEST_AS_HIGH - 1)


def _silenced(before: Before, check: _Check, canary: str, grown: BuiltBank) -> Objection:
    worst = list(_culprits(before, canary, grown, 0.0))[:1]
    return Objection.of_silenced(canary, worst, check.after[canary])


def _costly(
    before: Before,
    check: _Check,
    canary: str,
    grown: BuiltBank,
    seconded: Collection[str],
    usual: Collection[str],
    limits: GateLimits,
) -> Objection | None:
    culprits = _culprits(before, canary, grown, limits.part_cost)
    fallen = check.fell(canary, limits)
    # Parts that only together cost too much: the worst answers for all.
    together = check.losses[canary] if max(culprits.values(), default=0) <= limits.part_cost else 0.0
    left = [
        name
        for name, cost in culprits.items()
        if name not in seconded
        and (fallen or name not in usual or max(cost, together) > limits.usual_part_cost)
    ]
    if left:
        return Objection.of_cost(canary, left, check.losses[canary], limits.part_cost)
    return _worn(check, canary, limits) if fallen and not culprits else None


def _worn(check: _Check, canary: str, limits: GateLimits) -> Objection:
    return Objection.of_worn(canary, check.fall(canary), limits.margin_loss)


def _culprits(before: Before, canary: str, grown: BuiltBank, share: float) -> dict[str, float]:
    """The parts that take more than a share of a canary's score, the worst first, and what they take; when
    none does by itself, the one that takes most."""
    whole = max(before.watch.scores(before.bank.recipe)[canary], _LEAST_THRESHOLD)
    alone = before.watch.alone(canary, grown.memory_bank, before.bank.size)
    taken = {grown.manifest.parts[part].sha256: 1 - score / whole for part, score in alone.items()}
    worst = sorted((part for part in taken if taken[part] > 0), key=lambda part: -taken[part])
    found = [part for part in worst if taken[part] > share] or worst[:1]
    return {part: taken[part] for part in found}
