"""Laws of the demo's data: what is taught never passes the camera."""

from itertools import islice
from pathlib import Path

import pytest

from service.evaluation.categories import find_categories
from workers.demo.camera import passing
from workers.demo.cells import GOOD, LINES, Cell, read_cells, split_cells
from workers.demo.export import FolderTaken, export_cells


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


def test_exported_cells_are_two_categories_that_evaluate_reads(tmp_path: Path) -> None:
    written = export_cells(read_cells()[::8], tmp_path / "elpv", taught=6)
    found = {category.name: category for category in find_categories(tmp_path / "elpv")}
    assert set(found) == set(written) == {"elpv_mono", "elpv_poly"}
    for name, category in found.items():
        defects = sum(specimen.defect for specimen in category.specimens)
        assert written[name]["train/good"] == len(list(category.train.iterdir())) == 6
        assert written[name]["test/defective"] == defects > 0
        assert written[name]["test/good"] == len(category.specimens) - defects > 0
        assert not {path.name for path in category.train.iterdir()} & {
            specimen.path.name for specimen in category.specimens
        }


def test_cells_of_which_the_data_set_is_unsure_are_not_exported(tmp_path: Path) -> None:
    cells = read_cells()[::8]
    export_cells(cells, tmp_path, taught=6)
    names = {path.name for path in tmp_path.rglob("*.png")}
    assert names == {cell.path.name for cell in cells if cell.certain}


def test_an_export_never_writes_among_other_files(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").touch()
    with pytest.raises(FolderTaken, match="is not empty"):
        export_cells([], tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]
