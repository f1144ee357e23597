"""A bank made ready to judge pictures in a command."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from schemas.activation import Thresholds
    from service.banks.bank_file import LoadedBank
    from service.inspection.line_model import LineModel
    from service.settings import Settings


def ready_model(settings: "Settings", loaded: "LoadedBank", thresholds: "Thresholds") -> "LineModel":
    """The bank with its network and index, as an inspector's worker has it. Blocks for a second or two.
    Raises ``BankRefused`` where this machine's weights are others than the bank's or its golden frames score
    otherwise here, and as ``ready_backbone`` does."""
    with _uncollected():
        from service.banks.bank_file import check_fits
        from service.inspection.extractor import PatchExtractor
        from service.inspection.golden import check_golden
        from service.inspection.line_model import LineModel
        from workers.cli.device import ready_backbone

    manifest = loaded.manifest
    backbone = ready_backbone(settings, manifest.recipe, manifest.precision)
    check_fits(
        loaded,
        line=manifest.line,
        model=manifest.model,
        backbone=backbone.name,
        weights_sha256=backbone.weights_sha256,
    )
    extractor = PatchExtractor(backbone, manifest.recipe, manifest.contract)
    model = LineModel(loaded.memory_bank, thresholds, extractor)
    check_golden(model, loaded)
    return model


@contextmanager
def _uncollected() -> Iterator[None]:
    """A block that imports torch: of the half a million objects that it makes all stay, and to look for
    garbage among them takes a tenth of its time."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
