"""From good parts to a bank."""

from collections.abc import Sequence

from service.backbones.base import Backbone
from service.banks.manifest import Manifest
from service.images.interest import NOTHING_SAID, Interest
from service.patchcore import MemoryBank, Recipe, fit
from service.training.built import BuiltBank
from service.training.golden import golden_frames
from service.training.part import GoodPart
from service.training.part_ids import siblings_of
from service.training.progress import BuildProgress, BuildStep, unwatched
from service.training.refusal import TrainingRefused
from service.training.spool import ByName
from service.training.taught import TaughtParts
from service.training.thresholds import Rates

__all__ = ["BuildProgress", "BuildStep", "build_bank", "build_taught", "unwatched"]


def build_bank(
    line: str,
    model: str,
    parts: Sequence[GoodPart],
    recipe: Recipe,
    backbone: Backbone,
    progress: BuildProgress = unwatched,
    *,
    rates: Rates | None = None,
    interest: Interest = NOTHING_SAID,
) -> BuiltBank:
    """A bank of the parts, in the order of their names. The same parts, recipe and machine give the same
    bytes. Blocks for network and selection: seconds to minutes. Raises ``TrainingRefused`` for parts that
    make no bank, and ``ValueError`` for a backbone that the recipe does not name or an ``interest`` (where to
    look) that does not fit the pictures."""
    taught = TaughtParts.of(parts, recipe, backbone, progress, interest)
    return build_taught(line, model, taught, progress, rates=rates)


def build_taught(
    line: str,
    model: str,
    taught: TaughtParts,
    progress: BuildProgress = unwatched,
    *,
    rates: Rates | None = None,
) -> BuiltBank:
    """``build_bank`` of parts that the network has seen. Memory is that of ``patchcore.fit``."""
    extractor, features = taught.extractor, taught.features
    bank = _fitted(taught, progress)
    manifest = Manifest(
        line=line,
        model=model,
        backbone=extractor.backbone.name,
        weights_sha256=extractor.backbone.weights_sha256,
        precision=extractor.backbone.precision,
        recipe=extractor.recipe,
        levels=bank.levels,
        contract=extractor.contract,
        grid=bank.grid,
        selection_radius=bank.selection_radius,
        coverage_radius=bank.coverage_radius,
        parts=tuple(part.entry for part in taught.parts),
    )
    known = ByName([part.sha256 for part in taught.parts], features)
    golden = golden_frames(
        bank, extractor.contract, features.__getitem__, lambda number: taught.parts[number].data
    )
    return BuiltBank.of(bank, manifest, known, rates or Rates(), golden)


def _fitted(taught: TaughtParts, progress: BuildProgress) -> MemoryBank:
    try:
        return fit(
            taught.features,
            taught.extractor.recipe,
            levels=taught.extractor.levels,
            siblings=siblings_of([part.part_id for part in taught.parts]),
            progress=lambda done, expected: progress("select", done, expected),
        )
    except ValueError as error:
        raise TrainingRefused(f"no bank comes of these parts: {error}") from error
