"""A line's place on the worker's shelf: the model that judges, and the activation that put it there."""

from dataclasses import dataclass
from pathlib import Path

from schemas.activation import Activated
from service.backbones.configured import backbone_for
from service.banks.bank_file import LoadedBank, check_fits, read_bank
from service.banks.refusal import BankRefused
from service.inspection.extractor import PatchExtractor
from service.inspection.golden import check_features
from service.inspection.line_model import LineModel
from service.settings import EngineSettings


@dataclass(frozen=True, slots=True)
class LineEntry:
    """Closed by the shelf when the last batch lets go of it."""

    model: LineModel
    activation: Activated
    parts: tuple[str, ...]

    def close(self) -> None:
        """Free the index."""
        self.model.close()


@dataclass(frozen=True, slots=True)
class Candidate:
    """An entry whose golden pictures the device's owner has still to score, and the bank that has them."""

    entry: LineEntry
    loaded: LoadedBank


def build_entry(path: Path, activation: Activated, engine: EngineSettings) -> Candidate:
    """Read, verify and index a bank, and score the stored features of its golden frames; blocks for about a
    second for a large one. Raises ``BankRefused``, and ``ValueError`` for weights that are not to be had."""
    loaded = read_bank(path, version=activation.version)
    manifest = loaded.manifest
    backbone = backbone_for(manifest.recipe, engine, manifest.precision)
    check_fits(
        loaded,
        line=activation.line,
        model=activation.model,
        backbone=backbone.name,
        weights_sha256=backbone.weights_sha256,
    )
    extractor = PatchExtractor(backbone, manifest.recipe, manifest.contract)
    model = LineModel(loaded.memory_bank, activation.thresholds, extractor, search=engine.search)
    try:
        check_features(model, loaded)
    except BankRefused:
        model.close()
        raise
    parts = tuple(part.sha256 for part in manifest.parts)
    return Candidate(LineEntry(model, activation, parts), loaded)
