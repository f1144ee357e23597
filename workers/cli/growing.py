"""Growth beside a full rebuild, on real solar cells: seconds, and how well the two banks judge others."""

import random
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from service.banks.manifest import PartEntry
    from service.training.built import BuiltBank
    from service.training.features import PartFeatures
    from workers.demo.cells import Cell

T = TypeVar("T")
_BATCH = 16
_KIND = "mono"


@dataclass(frozen=True, slots=True)
class Round:
    """One bank after one addition, grown and built anew; ``parts`` are all that it has."""

    parts: int
    grow_seconds: float
    rebuild_seconds: float
    vectors_grown: int
    vectors_rebuilt: int
    image_auroc_grown: float
    image_auroc_rebuilt: float


@dataclass(frozen=True, eq=False, slots=True)
class Drawn:
    """Good cells to teach in the order of their coming, and others to judge."""

    good: "Sequence[Cell]"
    judged_good: "Sequence[Cell]"
    judged_bad: "Sequence[Cell]"


class Growing:
    """The features of all cells, extracted once, as the rebuilder keeps those of parts. Blocks."""

    def __init__(self, recipe: str, taught: int) -> None:
        from service.patchcore.recipes import recipe_named
        from workers.cli.bench_cells import CellLine, cells
        from workers.demo.cells import DEFECTIVE, GOOD

        self._good, self._bad = cells(_KIND, GOOD), cells(_KIND, DEFECTIVE)
        line = CellLine(self._good[:taught], recipe_named(recipe))
        self._line: CellLine = line
        self._features = line.features([*self._good, *self._bad])
        self._entries = {cell.name: _entry(cell) for cell in [*self._good, *self._bad]}
        self._bytes = {self._entries[cell.name].sha256: cell.path for cell in self._good}

    def drawn(self, seed: int, taught: int, judged: int) -> Drawn:
        """A split of its own: ``judged`` cells of each kind at most that are never taught."""
        chance = random.Random(seed)  # noqa: S311 - a fair order, not a secret
        good, bad = list(self._good), list(self._bad)
        chance.shuffle(good)
        chance.shuffle(bad)
        return Drawn(good[:taught], good[taught : taught + judged], bad[:judged])

    def rounds(self, drawn: Drawn, first: int, added: int, count: int) -> list[Round]:
        """A bank of the first cells, grown ``count`` times by so many, each time beside a full rebuild."""
        from service.training.growth import grow_bank
        from service.training.known_parts import KnownParts
        from service.training.thresholds import Rates

        grown, rounds = self._built(drawn.good[:first], ()), []
        known = KnownParts.of(grown.memory_bank, self._calibrating(grown, drawn.good[:first]))
        for number in range(count):
            end = first + (number + 1) * added
            new = drawn.good[end - added : end]
            rows, entries = (
                [self._features[cell.name] for cell in new],
                [self._approved(cell) for cell in new],
            )
            loaded = grown.loaded
            seconds, made = _timed(lambda: grow_bank(loaded, known, rows, entries, Rates()))  # noqa: B023
            rebuild_seconds, rebuilt = _timed(
                lambda: self._built(drawn.good[:first], drawn.good[first:end])  # noqa: B023
            )
            grown, known = made.built, made.known
            rounds.append(
                Round(
                    end,
                    seconds,
                    rebuild_seconds,
                    grown.memory_bank.size,
                    rebuilt.memory_bank.size,
                    self._auroc(grown, drawn),
                    self._auroc(rebuilt, drawn),
                )
            )
        return rounds

    def _built(self, trained: "Sequence[Cell]", approved: "Sequence[Cell]") -> "BuiltBank":
        from service.training.rebuilding import rebuild_bank
        from service.training.thresholds import Rates

        rows = {self._entries[cell.name].sha256: self._features[cell.name] for cell in [*trained, *approved]}
        entries = [self._entries[cell.name] for cell in trained] + [self._approved(cell) for cell in approved]
        manifest = self._line.built.manifest
        return rebuild_bank(
            manifest, entries, rows.__getitem__, lambda e: self._bytes[e.sha256].read_bytes(), Rates()
        )

    def _calibrating(self, built: "BuiltBank", cells: "Sequence[Cell]") -> "dict[int, PartFeatures]":
        numbers = [int(part) for part in built.memory_bank.calibration_parts]
        return {number: self._features[cells[number].name] for number in numbers}

    def _approved(self, cell: "Cell") -> "PartEntry":
        return self._entries[cell.name].model_copy(update={"origin": "approved"})

    def _auroc(self, built: "BuiltBank", drawn: Drawn) -> float:
        import numpy as np

        from service.patchcore.metrics import auroc

        labels = [False] * len(drawn.judged_good) + [True] * len(drawn.judged_bad)
        scores = self._scores(built, [*drawn.judged_good, *drawn.judged_bad])
        found = auroc(np.array(labels), np.array(scores))
        if found is None:
            raise ValueError("no cell is left to judge: teach fewer")
        return found

    def _scores(self, built: "BuiltBank", cells: "Sequence[Cell]") -> list[float]:
        import numpy as np

        from service.inspection.line_model import LineModel

        model = LineModel(built.memory_bank, built.thresholds, self._line.model.extractor)
        scores: list[float] = []
        for begin in range(0, len(cells), _BATCH):
            rows = np.stack([self._features[cell.name] for cell in cells[begin : begin + _BATCH]])
            scores += [float(grid.max()) for grid in model.score_features(rows.astype(np.float32))]
        model.close()
        return scores


def middle(rounds: Sequence[Round], of: Callable[[Round], float]) -> float:
    """The median over rounds."""
    return statistics.median(of(each) for each in rounds)


def _entry(cell: "Cell") -> "PartEntry":
    from schemas.ids import sha256_hex
    from service.banks.manifest import PartEntry

    return PartEntry(sha256=sha256_hex(cell.path.read_bytes()), name=cell.name)


def _timed(work: Callable[[], T]) -> tuple[float, T]:
    began = time.perf_counter()
    made = work()
    return time.perf_counter() - began, made
