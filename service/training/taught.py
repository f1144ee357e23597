"""Good parts as the network sees them: what a bank is made of, and what is screened before."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from service.backbones.base import Backbone
from service.images.contract import InputContract
from service.images.decode import decode
from service.images.interest import NOTHING_SAID, Interest
from service.images.picture import Picture
from service.images.unreadable import UnfitImage
from service.images.view import admit
from service.inspection.alignment import response_shift
from service.inspection.extractor import PatchExtractor
from service.patchcore import Recipe
from service.training.features import PartFeatures
from service.training.gathering import gathered
from service.training.part import LIMITS, GoodPart
from service.training.progress import BuildProgress, unwatched
from service.training.refusal import TrainingRefused
from service.training.spool import FeatureSpool, Picked

BATCH = 8


@dataclass(frozen=True, eq=False, slots=True)
class TaughtParts:
    """Parts in the order of their names, and the features of each, which lie on the disk."""

    parts: Sequence[GoodPart]
    extractor: PatchExtractor
    features: Sequence[PartFeatures]

    @classmethod
    def of(
        cls,
        parts: Sequence[GoodPart],
        recipe: Recipe,
        backbone: Backbone,
        progress: BuildProgress = unwatched,
        interest: Interest = NOTHING_SAID,
    ) -> Self:
        """Blocks for the network; memory is a batch. Raises as ``build_bank`` does."""
        taught = gathered(parts)
        shift = response_shift(backbone, recipe)
        contract = InputContract.learn([part.form for part in taught], recipe, interest, shift)
        extractor = PatchExtractor(backbone, recipe, contract)
        spool = FeatureSpool()
        try:
            for features in _extracted(taught, extractor, progress):
                spool.append(features)
        except OSError as error:
            raise TrainingRefused(
                f"the features find no room on the disk ({error.strerror}): free some, or set TMPDIR to a "
                "folder on a larger one"
            ) from error
        return cls(taught, extractor, spool)

    def without(self, numbers: Collection[int]) -> Self:
        """The others, as if these had never been photographed, but for the contract, which stays. Raises
        ``TrainingRefused`` where too few are left."""
        kept = [number for number in range(len(self.parts)) if number not in numbers]
        parts = gathered([self.parts[number] for number in kept])
        return type(self)(parts, self.extractor, Picked(self.features, kept))


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
        admit(picture, contract)
    except UnfitImage as unfit:
        raise TrainingRefused(f"{part.name} shows no part ({str(unfit).rstrip('.')}): remove it") from unfit
    return picture
