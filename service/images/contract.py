"""What a model may be asked to judge: the kind of picture that its training parts were, and where to look."""

import statistics
from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from schemas.reasons import FaultReason
from service.images.checks import check_fit
from service.images.interest import NOTHING_SAID, Interest
from service.images.mask import Mask
from service.images.picture import Picture, PictureForm, Pixels, is_grey
from service.images.region import WHOLE, Box, RegionOfInterest
from service.images.resize import fit
from service.images.unreadable import UnfitImage
from service.patchcore.recipe import Recipe, input_size, looks_at

ASPECT_TOLERANCE = 0.10
"""A part stretched by a tenth still looks like itself; more makes every edge unusual."""

SIDE_RATIO = 2.0
"""At half the trained size fine texture is gone, and the bank would call its absence a defect."""

WhiteLevel = Literal[255, 1023, 4095, 16383, 65535]
_WHITE_LEVELS: tuple[WhiteLevel, ...] = (255, 1023, 4095, 16383, 65535)


class InputContract(BaseModel):
    """The pictures that a model knows. ``width`` and ``height`` are those of every training part, or None
    when they differ. ``white`` is full scale: cameras of 10, 12 or 14 bits send their samples unshifted in
    16, which at 1/65535 would be nearly black. ``input_*`` is the network's input. Outside of ``region`` and
    ``mask`` nothing counts; a bank of before there were such has neither, and looks at the whole frame.
    ``response_shift`` is how far below and to the right of a thing the network answers to it, in pixels of
    its input (see ``inspection.alignment``), none of several looks: a patch is that far above and left of its
    cell."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    channels: Literal["grey", "colour"]
    depth: Literal[8, 16]
    white: WhiteLevel = 255
    width: int | None = Field(default=None, gt=0)
    height: int | None = Field(default=None, gt=0)
    input_height: int = Field(gt=0)
    input_width: int = Field(gt=0)
    response_shift: tuple[float, float] = (0.0, 0.0)
    region: RegionOfInterest | None = None
    mask: Mask | None = None

    @classmethod
    def learn(
        cls,
        forms: Sequence[PictureForm],
        recipe: Recipe,
        interest: Interest = NOTHING_SAID,
        response_shift: tuple[float, float] = (0.0, 0.0),
    ) -> "InputContract":
        """From the training parts' forms. The network's input comes from the region of interest on the median
        width and height.

        Raises ValueError: no parts, colour mixed with grey, 8 bits mixed with 16, or an interest that does
        not fit the pictures.
        """
        if not forms:
            raise ValueError("There are no pictures to learn from: give at least one good part.")
        fixed = len({(form.width, form.height) for form in forms}) == 1
        size = _median_size(forms)
        region = interest.region_on(size if fixed else None)
        seen = (region or WHOLE).box(*size)
        input_height, input_width = input_size(recipe, seen.width, seen.height)
        depth = _only_depth(forms)
        return cls(
            channels=_only_channels(forms),
            depth=depth,
            white=_white(forms, depth),
            width=size[0] if fixed else None,
            height=size[1] if fixed else None,
            input_height=input_height,
            input_width=input_width,
            # Of two looks each answers as far to the other side.
            response_shift=response_shift if looks_at(recipe, input_height, input_width) == 1 else (0.0, 0.0),
            region=region,
            mask=interest.mask_on(size if fixed else None),
        )

    def looks(self, recipe: Recipe) -> int:
        """How often a picture is looked at by that recipe."""
        return looks_at(recipe, self.input_height, self.input_width)

    def box(self, width: int, height: int) -> Box:
        """What is looked at of a frame of ``width`` x ``height`` pixels."""
        return (self.region or WHOLE).box(width, height)

    def cropped(self, picture: Picture) -> Picture:
        """The region of interest; its pixels are a view of the picture's."""
        box = self.box(picture.width, picture.height)
        pixels = picture.pixels[box.y : box.y + box.height, box.x : box.x + box.width]
        return Picture(pixels, picture.header)

    def cells(self, rows: int, columns: int) -> NDArray[np.bool_] | None:
        """[rows, columns]: the cells of a grid over the region that count, which are those that the mask
        leaves half or more of; None without a mask. The input's sides are multiples of the grid's."""
        if self.mask is None:
            return None
        seen = self.mask.looked_at(self.region or WHOLE, self.input_width, self.input_height)
        down, right = (round(shift) for shift in self.response_shift)
        seen = seen[_moved(self.input_height, down)][:, _moved(self.input_width, right)]
        blocks = seen.reshape(rows, self.input_height // rows, columns, self.input_width // columns)
        return np.asarray(blocks.mean(axis=(1, 3)) >= 0.5)

    def resized(self, picture: Picture) -> Pixels:
        """The region of interest at the network's input size. Blocks for 1 to 3 ms a megapixel."""
        return fit(self.cropped(picture).pixels, (self.input_height, self.input_width))

    def check(self, picture: Picture) -> Pixels:
        """The picture as ``resized`` makes it. Raises UnfitImage: wrong-depth, over-exposed or flat in the
        region of interest, wrong-channels, or wrong-size.

        Three equal channels count as grey. Where the size is fixed, the aspect may differ by 10 % and each
        side by a factor of two; where the training parts differed in size, every size is judged.
        """
        if picture.depth != self.depth:
            raise UnfitImage(
                FaultReason.WRONG_DEPTH,
                f"The picture has {picture.depth} bits where the model knows {self.depth}.",
            )
        seen, region = self.resized(picture), self.cropped(picture)
        # Only area averages keep what the check looks for, and of a side that grows OpenCV makes none.
        shrunk = region.height >= self.input_height and region.width >= self.input_width
        check_fit(region, self.white, seen if shrunk else None)
        if is_grey(picture.pixels) != (self.channels == "grey"):
            found = "colour" if self.channels == "grey" else "grey"
            raise UnfitImage(
                FaultReason.WRONG_CHANNELS, f"The picture is {found} where the model knows {self.channels}."
            )
        if not self._fits(picture.width, picture.height):
            raise UnfitImage(
                FaultReason.WRONG_SIZE,
                f"The picture is {picture.width} x {picture.height} pixels where the model knows "
                f"{self.width} x {self.height}.",
            )
        return seen

    def _fits(self, width: int, height: int) -> bool:
        if self.width is None or self.height is None:
            return True
        across, down = width / self.width, height / self.height
        stretch = max(across / down, down / across)
        return stretch <= 1 + ASPECT_TOLERANCE and all(
            1 / SIDE_RATIO <= side <= SIDE_RATIO for side in (across, down)
        )


def _moved(side: int, by: int) -> NDArray[np.int64]:
    return np.clip(np.arange(side) - by, 0, side - 1)


def _median_size(forms: Sequence[PictureForm]) -> tuple[int, int]:
    return (
        statistics.median_low([form.width for form in forms]),
        statistics.median_low([form.height for form in forms]),
    )


def _only_channels(forms: Sequence[PictureForm]) -> Literal["grey", "colour"]:
    grey = sum(form.channels == "grey" for form in forms)
    if 0 < grey < len(forms):
        raise ValueError(
            f"{grey} of {len(forms)} pictures are grey, the others colour: give parts of one camera setting."
        )
    return "grey" if grey else "colour"


def _only_depth(forms: Sequence[PictureForm]) -> Literal[8, 16]:
    deep = sum(form.depth == 16 for form in forms)
    if 0 < deep < len(forms):
        raise ValueError(
            f"{deep} of {len(forms)} pictures have 16 bits, the others 8: give parts of one camera setting."
        )
    return 16 if deep else 8


def _white(forms: Sequence[PictureForm], depth: int) -> WhiteLevel:
    peak = max(form.peak for form in forms)
    levels = _WHITE_LEVELS[1:] if depth == 16 else _WHITE_LEVELS[:1]
    return next(level for level in levels if level >= peak)
