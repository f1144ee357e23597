"""A line of real solar cells for ``patchline bench``: a bank of good ones, and scores of others."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from service.images.picture import Pixels
    from service.patchcore import Recipe
    from service.training.features import PartFeatures
    from workers.demo.cells import Cell

_BATCH = 8


def cells(kind: str, probability: float) -> "list[Cell]":
    """All cells of a kind (mono, poly) of which the data set is as sure as this, shuffled, always alike."""
    from workers.demo.cells import LINES, read_cells, split_cells

    shuffled = split_cells(read_cells(), 0).passing
    return [cell for cell in shuffled if cell.line == LINES[kind] and cell.probability == probability]


def good_cells(kind: str, taught: int, passing: int) -> "tuple[list[Cell], list[Cell]]":
    """So many good cells to learn from, and so many others."""
    from workers.demo.cells import GOOD

    good = cells(kind, GOOD)
    return good[:taught], good[taught : taught + passing]


class CellLine:
    """A bank of cells that judges others. Blocks for the network, here and in every method."""

    def __init__(self, taught: "Sequence[Cell]", recipe: "Recipe") -> None:
        from service.inspection.extractor import PatchExtractor
        from service.inspection.line_model import LineModel
        from service.training.build import build_bank
        from service.training.part import GoodPart
        from workers.cli.device import ready_backbone
        from workers.cli.installation import command_settings

        backbone = ready_backbone(command_settings(), recipe)
        parts = [GoodPart.of(cell.name, cell.path.read_bytes()) for cell in taught]
        self.built = build_bank("bench", "default", parts, recipe, backbone)
        extractor = PatchExtractor(backbone, recipe, self.built.manifest.contract)
        self.model = LineModel(self.built.memory_bank, self.built.thresholds, extractor)

    def features(self, cells: "Sequence[Cell]") -> "dict[str, PartFeatures]":
        """The patch features of each cell, by its name, as an approved part's are kept."""
        import numpy as np

        from service.images.decode import decode

        found: dict[str, PartFeatures] = {}
        for begin in range(0, len(cells), _BATCH):
            batch = cells[begin : begin + _BATCH]
            rows = self.model.extractor.extract([decode(cell.path.read_bytes()) for cell in batch])
            found |= {cell.name: each.astype(np.float16) for cell, each in zip(batch, rows, strict=True)}
        return found

    def scores(
        self, cells: "Sequence[Cell]", change: "Callable[[Pixels], Pixels] | None" = None
    ) -> list[float]:
        """The image score of each cell, its pixels changed before."""
        from service.images.decode import decode

        found: list[float] = []
        for begin in range(0, len(cells), _BATCH):
            pictures = [decode(cell.path.read_bytes()) for cell in cells[begin : begin + _BATCH]]
            if change is not None:
                pictures = [replace(picture, pixels=change(picture.pixels)) for picture in pictures]
            grids = self.model.score_features(self.model.extractor.extract(pictures))
            found += [float(grid.max()) for grid in grids]
        return found
