"""Approvals of cells by one person, tried against the gates without a broker."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from service.training.canary_watch import CanaryWatch
    from service.training.features import PartFeatures
    from service.training.gates import GateLimits
    from service.training.growth import GrownBank
    from service.training.known_parts import KnownParts
    from workers.cli.bench_cells import CellLine


Limits = tuple[float, float, float, float]
"""``suspicious_multiple``, ``part_cost``, ``usual_p``, ``usual_part_cost``."""


@dataclass(frozen=True, slots=True)
class Approval:
    """A cell that one person called good: its score in multiples of the defect threshold, the share
    ``as_high`` of known good parts that score no less held out, the largest share of its score that it costs
    a canary, and the gates that object; ``barred`` by one without a limit."""

    multiple: float
    as_high: float
    loss: float
    barred: bool
    gates: tuple[str, ...]

    def stopped(self, multiple: float, loss: float, usual: float = 1.0, usual_loss: float = 0.0) -> bool:
        """Whether gates with these limits ask for a second person, or refuse."""
        costly = self.loss > (loss if self.as_high <= usual else max(loss, usual_loss))
        return self.barred or self.multiple > multiple or costly


class Poisoning:
    """A line, and cells that it never saw: ``bad`` and ``good``, features by name."""

    def __init__(
        self,
        line: "CellLine",
        known: "KnownParts",
        bad: "Mapping[str, PartFeatures]",
        good: "Mapping[str, PartFeatures]",
    ) -> None:
        self._line, self._known, self.bad, self.good = line, known, bad, good

    @classmethod
    def prepared(cls, recipe: str, taught: int, most: int) -> "Poisoning":
        """At most so many of each. Blocks for the network: minutes."""
        from service.patchcore.recipes import recipe_named
        from service.training.known_parts import KnownParts
        from workers.cli.bench_cells import CellLine, cells, good_cells
        from workers.cli.progress import spinner
        from workers.demo.cells import DEFECTIVE

        learnt, unseen = good_cells("mono", taught, most)
        with spinner("Teaching the bank"):
            line = CellLine(learnt, recipe_named(recipe))
            bank, features = line.built.memory_bank, line.built.features
            parts = {n: features[entry.sha256] for n, entry in enumerate(line.built.manifest.parts)}
            known = KnownParts.of(bank, parts)
        with spinner("Looking at the other cells"):
            bad = line.features(cells("mono", DEFECTIVE)[:most])
            return cls(line, known, bad, line.features(unseen))

    def approvals(self, canaries: int, limits: "GateLimits") -> tuple[list[Approval], list[Approval]]:
        """Of every defect and of every good cell, each with other defects as canaries, drawn anew."""
        from service.training.canary_watch import CanaryWatch
        from workers.cli.progress import spinner

        watch = CanaryWatch.of(self._line.built.memory_bank, self.bad)
        with spinner(f"Approving {len(self.bad)} defects"):
            bad = [self._tried(name, self.bad, watch, canaries, limits) for name in self.bad]
        with spinner(f"Approving {len(self.good)} good cells"):
            good = [self._tried(name, self.good, watch, canaries, limits) for name in self.good]
        return bad, good

    def _tried(
        self,
        name: str,
        cells: "Mapping[str, PartFeatures]",
        watch: "CanaryWatch",
        canaries: int,
        limits: "GateLimits",
    ) -> Approval:
        from schemas.reasons import Gate
        from service.training.gates import Before, judge_growth, margin, part_score

        built = self._line.built
        before = Before(built.memory_bank, built.thresholds, _drawn(watch, name, canaries))
        grown = self._grown(name, cells[name])
        findings = judge_growth(before, grown.built, {_sha256(name): cells[name]}, (), limits)
        score, known = part_score(before, cells[name]), built.memory_bank.calibration_scores
        gates = tuple(dict.fromkeys(objection.gate for objection in findings.objections))
        limited = {Gate.SUSPICIOUS_PART, Gate.CANARY_MARGIN}
        return Approval(
            multiple=margin(score, built.thresholds),
            as_high=float((known >= score).mean()),
            loss=max(findings.losses.values(), default=0.0),
            barred=any(gate not in limited for gate in gates),
            gates=tuple(gate.value for gate in gates),
        )

    def _grown(self, name: str, rows: "PartFeatures") -> "GrownBank":
        from service.banks.manifest import PartEntry
        from service.training.growth import grow_bank
        from service.training.thresholds import Rates

        entry = PartEntry(sha256=_sha256(name), name=name, origin="approved")
        # No gate looks at golden frames, and scoring them again costs as much as the growth.
        loaded = replace(self._line.built.loaded, golden=None)
        return grow_bank(loaded, self._known, [rows], [entry], Rates.of(self._line.built.thresholds))


def _drawn(watch: "CanaryWatch", name: str, count: int) -> "CanaryWatch":
    from service.training.canary_watch import CanaryWatch

    others: Sequence[str] = sorted(other for other in watch.features if other != name)
    drawn = Random(name).sample(others, min(count, len(others)))  # noqa: S311 - a fair draw, not a secret
    return CanaryWatch(
        {other: watch.features[other] for other in drawn}, {other: watch.distances[other] for other in drawn}
    )


def _sha256(name: str) -> str:
    from schemas.ids import sha256_hex

    return sha256_hex(name.encode())
