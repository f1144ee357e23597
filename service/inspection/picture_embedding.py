"""Pictures as arrays to patch features, for whoever uses PatchCore as a library."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from service.backbones.configured import backbone_for
from service.images.contract import InputContract
from service.images.header import ImageHeader
from service.images.picture import Picture, Pixels, is_grey
from service.inspection.alignment import response_shift
from service.inspection.extractor import PatchExtractor
from service.patchcore import Levels, Recipe
from service.patchcore.recipes import DEFAULT
from service.settings import EngineSettings

BATCH = 8


class PictureEmbedding:
    """What ``PatchCore(embed=...)`` asks for: uint8 or uint16 pictures, [height, width] or [height, width, 3]
    in RGB order, to float32 features [N, H, W, D].

    The first pictures that it is given, those of ``fit``, settle the size of the network's input, and each is
    looked at once whatever the recipe says: ``levels`` are told before there is a size. Loads the
    recipe's network once, which takes a second or two, and raises as ``backbone_for`` does. Calls block for
    the network and raise ValueError for what is no picture, and for grey mixed with colour or 8 bits with 16.
    """

    def __init__(self, recipe: Recipe = DEFAULT, engine: EngineSettings | None = None) -> None:
        self.recipe = recipe.model_copy(update={"looks": 1})
        self._backbone = backbone_for(recipe, engine or EngineSettings())
        self._extractor: PatchExtractor | None = None

    @property
    def levels(self) -> Levels:
        """For ``PatchCore(levels=...)``: the stages' widths where the recipe fuses late, else none."""
        return self._backbone.channels if self.recipe.fusion == "late" else ()

    def __call__(self, pictures: Sequence[Pixels]) -> NDArray[np.float32]:
        taken = [_picture(pixels) for pixels in pictures]
        if self._extractor is None:
            self._extractor = self._learned(taken)
        for picture in taken:
            _require_kind(picture, self._extractor.contract)
        batches = [taken[begin : begin + BATCH] for begin in range(0, len(taken), BATCH)]
        return np.concatenate([self._extractor.extract(batch) for batch in batches])

    def _learned(self, pictures: Sequence[Picture]) -> PatchExtractor:
        shift = response_shift(self._backbone, self.recipe)
        forms = [picture.form() for picture in pictures]
        return PatchExtractor(
            self._backbone, self.recipe, InputContract.learn(forms, self.recipe, response_shift=shift)
        )


def _require_kind(picture: Picture, contract: InputContract) -> None:
    if (picture.depth, is_grey(picture.pixels)) != (contract.depth, contract.channels == "grey"):
        kind = "grey" if is_grey(picture.pixels) else "colour"
        raise ValueError(
            f"a {kind} picture of {picture.depth} bits came where fit had {contract.channels} ones of "
            f"{contract.depth}: give pictures of one camera setting"
        )


def _picture(pixels: Pixels) -> Picture:
    shape, kind = np.shape(pixels), np.asarray(pixels).dtype
    if kind not in (np.uint8, np.uint16) or not (len(shape) == 2 or (len(shape) == 3 and shape[2] == 3)):
        raise ValueError(
            f"an array of shape {shape} and type {kind} is no picture: give uint8 or uint16, "
            "[height, width] or [height, width, 3] in RGB order"
        )
    header = ImageHeader(
        "png", shape[1], shape[0], 1 if len(shape) == 2 else 3, 16 if kind == np.uint16 else 8
    )
    return Picture(pixels, header)
