"""Laws of the demo's data: what is taught never passes the camera."""

from itertools import islice
from pathlib import Path

from workers.demo.camera import passing
from workers.demo.cells import GOOD, LINES, Cell, read_cells, split_cells


def test_no_cell_is_both_taught_and_inspected() -> None:
    split = split_cells(read_cells(), 100)
    taught = {cell for cells in split.taught.values() for cell in cells}
    assert {line: len(cells) for line, cells in split.taught.items()} == dict.fromkeys(LINES.values(), 100)
    assert all(cell.probability == GOOD for cell in taught)
    assert taught.isdisjoint(split.passing)
    assert len(taught) + len(split.passing) == 2624


def test_the_split_is_the_same_every_time() -> None:
    assert split_cells(read_cells(), 10) == split_cells(read_cells(), 10)


def test_a_second_round_never_reuses_a_frame_id() -> None:
    cells = [Cell(Path(f"cell{number}.png"), "cells-mono", GOOD) for number in range(3)]
    ids = [frame_id for frame_id, _ in islice(passing(cells), 9)]
    assert len(set(ids)) == 9
