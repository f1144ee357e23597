"""The cells of elpv-dataset (Buerhop-Lutz et al. 2018): which are learnt from, which pass the camera."""

import importlib.util
import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from service.embedded.server import EmbeddedError

LINES: Mapping[str, str] = {"mono": "cells-mono", "poly": "cells-poly"}
GOOD, DEFECTIVE = 0.0, 1.0
_SEED = 0


@dataclass(frozen=True, slots=True)
class Cell:
    """One photo. ``probability`` is the data set's own word on how likely the cell is defective."""

    path: Path
    line: str
    probability: float

    @property
    def name(self) -> str:
        """The file's name without its ending: the frame's id."""
        return self.path.stem

    @property
    def certain(self) -> bool:
        """Whether the data set is sure of its word."""
        return self.probability in (GOOD, DEFECTIVE)


@dataclass(frozen=True, slots=True)
class Split:
    """``taught`` by line, and ``passing`` the camera in the order of the stream."""

    taught: Mapping[str, Sequence[Cell]]
    passing: Sequence[Cell]


def read_cells() -> list[Cell]:
    """All cells of the installed wheel. Raises ``EmbeddedError`` when it is not installed."""
    found = importlib.util.find_spec("elpv_dataset")
    if found is None or found.origin is None:
        raise EmbeddedError("the photos are not installed: pip install 'patchline[demo]'")
    data = Path(found.origin).parent / "data"
    rows = (line.split() for line in (data / "labels.csv").read_text().splitlines())
    return [Cell(data / name, LINES[kind], float(probability)) for name, probability, kind in rows]


def split_cells(cells: Iterable[Cell], taught: int) -> Split:
    """So many good cells of each line to learn from, all others shuffled; the same split every time."""
    shuffled = list(cells)
    random.Random(_SEED).shuffle(shuffled)  # noqa: S311 - a fair order, not a secret
    learnt = {
        line: [cell for cell in shuffled if cell.line == line and cell.probability == GOOD][:taught]
        for line in LINES.values()
    }
    known = {cell for cells_of_line in learnt.values() for cell in cells_of_line}
    return Split(learnt, [cell for cell in shuffled if cell not in known])
