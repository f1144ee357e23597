"""The cells as folders in MVTec's layout, so that the method can be measured on them."""

import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path

from workers.demo.cells import GOOD, LINES, Cell, split_cells

TAUGHT = 250
"""Good cells in train/good, of which ``evaluate --max-train`` draws; all other certain cells are tested."""


class FolderTaken(ValueError):
    """There is something in the folder already."""


def export_cells(cells: Iterable[Cell], root: Path, taught: int = TAUGHT) -> Mapping[str, Mapping[str, int]]:
    """Copy the certain cells to ``root``/elpv_mono and ``root``/elpv_poly, each with train/good, test/good
    and test/defective, always the same ones; return how many each folder got. Raises ``FolderTaken`` for a
    root that is not empty. Blocks: copies some 2,200 files, 80 MB."""
    if root.exists() and (not root.is_dir() or any(root.iterdir())):
        raise FolderTaken(f"{root} is not empty: name a folder that is to be made")
    split = split_cells(cells, taught)
    passing = [cell for cell in split.passing if cell.certain]
    return {
        f"elpv_{kind}": {
            place: _copied(found, root / f"elpv_{kind}" / place)
            for place, found in (
                ("train/good", split.taught[line]),
                ("test/good", [cell for cell in passing if cell.line == line and cell.probability == GOOD]),
                ("test/defective", [c for c in passing if c.line == line and c.probability != GOOD]),
            )
        }
        for kind, line in LINES.items()
    }


def _copied(cells: Iterable[Cell], folder: Path) -> int:
    folder.mkdir(parents=True)
    return len([shutil.copyfile(cell.path, folder / cell.path.name) for cell in cells])
