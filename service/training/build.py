"""From good parts to a bank."""

from collections.abc import Callable, Iterator, Sequence
from typing import Literal

import numpy as np

from service.backbones.base import Backbone
from service.banks.manifest import Manifest
from service.images.contract import InputContract
from service.images.decode import decode
from service.images.interest import NOTHING_SAID, Interest
from service.images.picture import Picture
from service.images.unreadable import UnfitImage
from service.inspection.extractor import PatchExtractor
from service.patchcore import MemoryBank, Recipe, fit
from service.training.built import BuiltBank
from service.training.features import PartFeatures
from service.training.gathering import gathered
from service.training.golden import golden_frames
from service.training.part import LIMITS, GoodPart
from service.training.refusal import TrainingRefused
from service.training.thresholds import Rates

BATCH = 8
BuildStep = Literal["extract", "select"]
BuildProgress = Callable[[BuildStep, int, int], None]
"""Told of the step, how much of it is done, and of how much."""


def unwatched(step: BuildStep, done: int, expected: int) -> None:
    """A ``BuildProgress`` that nobody watches."""


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
    taught = gathered(parts)
    contract = InputContract.learn([part.form for part in taught], recipe, interest)
    extractor = PatchExtractor(backbone, recipe, contract)
    features = list(_extracted(taught, extractor, progress))
    bank = _fitted(features, recipe, progress)
    manifest = Manifest(
        line=line,
        model=model,
        backbone=backbone.name,
        weights_sha256=backbone.weights_sha256,
        precision=backbone.precision,
        recipe=recipe,
        contract=contract,
        grid=bank.grid,
        selection_radius=bank.selection_radius,
        coverage_radius=bank.coverage_radius,
        parts=tuple(part.entry for part in taught),
    )
    known = {part.sha256: part_features for part, part_features in zip(taught, features, strict=True)}
    golden = golden_frames(bank, contract, features.__getitem__, lambda number: taught[number].data)
    return BuiltBank.of(bank, manifest, known, rates or Rates(), golden)


def _extracted(
    parts: Sequence[GoodPart], extractor: PatchExtractor, progress: BuildProgress
) -> Iterator[PartFeatures]:
    for begin in range(0, len(parts), BATCH):
        batch = [_picture(part, extractor.contract) for part in parts[begin : begin + BATCH]]
        for features in extractor.extract(batch):
            yield features.astype(np.float16)
        progress("extract", begin + len(batch), len(parts))


def _picture(part: GoodPart, contract: InputContract) -> Picture:
    picture = decode(part.data, LIMITS)
    try:
        # A line refuses such frames, so it cannot learn from them either.
        contract.check(picture)
    except UnfitImage as unfit:
        raise TrainingRefused(f"{part.name} shows no part ({str(unfit).rstrip('.')}): remove it") from unfit
    return picture


def _fitted(features: Sequence[PartFeatures], recipe: Recipe, progress: BuildProgress) -> MemoryBank:
    try:
        return fit(features, recipe, progress=lambda done, expected: progress("select", done, expected))
    except ValueError as error:
        raise TrainingRefused(f"no bank comes of these parts: {error}") from error
