"""A line's place on the worker's shelf: the model that judges, and the activation that put it there."""

from dataclasses import dataclass
from pathlib import Path

from schemas.activation import Activated
from service.backbones.configured import backbone_for
from service.banks.bank_file import check_fits, read_bank
from service.inspection.extractor import PatchExtractor
from service.inspection.line_model import LineModel
from service.settings import EngineSettings


@dataclass(frozen=True, slots=True)
class LineEntry:
    """Closed by the shelf when the last batch lets go of it."""

    model: LineModel
    activation: Activated

    def close(self) -> None:
        """Free the index."""
        self.model.close()


def build_entry(path: Path, activation: Activated, engine: EngineSettings) -> LineEntry:
    """Read, verify and index a bank; blocks for about a second for a large one. Raises ``BankRefused``,
    and ``ValueError`` for weights that are not to be had."""
    loaded = read_bank(path, version=activation.version)
    manifest = loaded.manifest
    backbone = backbone_for(manifest.recipe, engine)
    check_fits(
        loaded,
        line=activation.line,
        model=activation.model,
        backbone=backbone.name,
        weights_sha256=backbone.weights_sha256,
    )
    extractor = PatchExtractor(backbone, manifest.recipe, manifest.contract)
    return LineEntry(LineModel(loaded.memory_bank, activation.thresholds, extractor), activation)
