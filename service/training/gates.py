"""The gates: what a bank must pass before it is put in force, and which parts need a second person."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np

from schemas.activation import Thresholds
from service.patchcore import Calibration, MemoryBank
from service.patchcore.held_out import score_part
from service.training.built import BuiltBank
from service.training.canaries import bank_distances
from service.training.canary_watch import CanaryWatch
from service.training.features import PartFeatures
from service.training.objection import Objection

CONFIDENCE = 0.999
_LEAST_THRESHOLD = 1e-6


@dataclass(frozen=True, slots=True)
class GateLimits:
    """``margin_loss``: the share of its margin (score by threshold) that a canary may lose to one build.
    ``suspicious_multiple``: of the defect threshold; a part that scores above it needs a second person."""

    margin_loss: float = 0.2
    suspicious_multiple: float = 1.5


@dataclass(frozen=True, eq=False, slots=True)
class Before:
    """What is in force: the bank, its thresholds, and the canaries held against it."""

    bank: MemoryBank
    thresholds: Thresholds
    watch: CanaryWatch


@dataclass(frozen=True, eq=False, slots=True)
class Findings:
    """The ``objections``, none when the bank may be put in force; ``watch`` holds the canaries against the
    new bank; ``known_misses`` are the canaries, by sha256, that did not alarm before either."""

    objections: tuple[Objection, ...]
    watch: CanaryWatch
    known_misses: tuple[str, ...]


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
    toward = before.watch.toward(grown.memory_bank, before.bank.size)
    after = before.watch.joined(toward)
    check = _check(before, after, grown, limits)
    names = [entry.sha256 for entry in grown.manifest.parts]
    alone = {names[part]: before.watch.joined({part: grids}) for part, grids in toward.items()}
    objections = [
        _suspicious(before, parts, seconded, limits),
        *(_silenced(before, check, name, alone) for name in check.silenced),
        *(_worn(before, check, name, alone, seconded, limits) for name in check.worn),
        false_alarms(grown),
    ]
    return Findings(tuple(o for o in objections if o is not None), after, check.known_misses)


def judge_rebuild(before: Before, built: BuiltBank, limits: GateLimits) -> Findings:
    """Whether a bank whose vectors were all selected again may be put in force. Blocks for a search of the
    canaries."""
    after = CanaryWatch.of(built.memory_bank, before.watch.features)
    check = _check(before, after, built, limits)
    objections = [
        *(_silenced(before, check, name, {}) for name in check.silenced),
        *(_worn(before, check, name, {}, (), limits) for name in check.worn),
        false_alarms(built),
    ]
    return Findings(tuple(o for o in objections if o is not None), after, check.known_misses)


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
    """Canaries by sha256, and their margins before and after."""

    known_misses: tuple[str, ...]
    silenced: tuple[str, ...]
    worn: tuple[str, ...]
    before: Mapping[str, float]
    after: Mapping[str, float]

    def loss(self, name: str) -> float:
        return 1 - self.after[name] / self.before[name]


def _check(before: Before, after: CanaryWatch, built: BuiltBank, limits: GateLimits) -> _Check:
    old = _margins(before.watch, before.bank, before.thresholds)
    new = _margins(after, built.memory_bank, built.thresholds)
    alarmed = [name for name in old if old[name] > 1]
    silenced = tuple(name for name in alarmed if not new[name] > 1)
    worn = tuple(
        name for name in alarmed if name not in silenced and new[name] < (1 - limits.margin_loss) * old[name]
    )
    return _Check(tuple(name for name in old if name not in alarmed), silenced, worn, old, new)


def _margins(watch: CanaryWatch, bank: MemoryBank, thresholds: Thresholds) -> dict[str, float]:
    return {name: margin(score, thresholds) for name, score in watch.scores(bank.recipe).items()}


def margin(score: float, thresholds: Thresholds) -> float:
    """By how many times a score passes the defect threshold; above 1 it alarms."""
    return score / max(thresholds.defect_score, _LEAST_THRESHOLD)


def _suspicious(
    before: Before, parts: Mapping[str, PartFeatures], seconded: Collection[str], limits: GateLimits
) -> Objection | None:
    found = {
        name: multiple
        for name, rows in parts.items()
        if name not in seconded and (multiple := part_multiple(before, rows)) > limits.suspicious_multiple
    }
    return Objection.of_suspicious(found) if found else None


def part_multiple(before: Before, rows: PartFeatures) -> float:
    """A part's score under the bank in force, in multiples of the defect threshold."""
    return margin(score_part(bank_distances(before.bank, rows), before.bank.recipe), before.thresholds)


def _silenced(before: Before, check: _Check, canary: str, alone: Mapping[str, CanaryWatch]) -> Objection:
    return Objection.of_silenced(canary, _culprits(before, canary, alone, 0.0)[:1], check.after[canary])


def _worn(
    before: Before,
    check: _Check,
    canary: str,
    alone: Mapping[str, CanaryWatch],
    seconded: Collection[str],
    limits: GateLimits,
) -> Objection | None:
    culprits = _culprits(before, canary, alone, limits.margin_loss)
    left = [name for name in culprits if name not in seconded]
    if culprits and not left:
        return None
    return Objection.of_worn(canary, left, check.loss(canary), limits.margin_loss)


def _culprits(before: Before, canary: str, alone: Mapping[str, CanaryWatch], share: float) -> list[str]:
    """The parts that take more than a share of a canary's score, the worst first; when none does by itself,
    the one that takes most."""
    whole = before.watch.scores(before.bank.recipe)[canary]
    taken = {part: 1 - watch.scores(before.bank.recipe)[canary] / whole for part, watch in alone.items()}
    worst = sorted((part for part in taken if taken[part] > 0), key=lambda part: -taken[part])
    return [part for part in worst if taken[part] > share] or worst[:1]
