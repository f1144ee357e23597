"""What an engineer says of where on the frame to look: a region of interest and a mask, still unchecked
against the pictures."""

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from service.images.mask import MOST_POLYGONS, Mask
from service.images.polygon import MOST_POINTS, Point
from service.images.region import RegionOfInterest

LEAST_SIDE = 16
"""Pixels. A region smaller than one patch of the network shows no part."""

Size = tuple[int, int]
Unit = Literal["pixels", "fractions"]
_Given = Annotated[tuple[Point, ...], Field(max_length=MOST_POINTS + 1)]
_Givens = Annotated[tuple[_Given, ...], Field(max_length=MOST_POLYGONS)]


class MaskFile(BaseModel):
    """A mask as a file gives it. ``size`` [width, height] of the picture that it was drawn on, where given,
    must be that of the training parts."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    unit: Unit = "pixels"
    size: Size | None = None
    look: _Givens = ()
    ignore: _Givens = ()

    def on(self, size: Size | None) -> Mask:
        """The mask of pictures of ``size`` (width, height), None where they differ. Raises ValueError."""
        if self.size is not None and self.size != size:
            known = "differ in size" if size is None else f"have {size[0]} x {size[1]}"
            raise ValueError(
                f"the mask was drawn on {self.size[0]} x {self.size[1]} pixels and the pictures {known}: "
                "draw it on one of them"
            )
        scale = (1, 1) if self.unit == "fractions" else _known(size, "the mask")
        return _made(Mask, look=_scaled(self.look, scale), ignore=_scaled(self.ignore, scale))


@dataclass(frozen=True, slots=True)
class Interest:
    """``region`` is x, y, width, height: fractions where none is above 1, else pixels."""

    region: tuple[float, float, float, float] | None = None
    mask: MaskFile | None = None

    @classmethod
    def read(cls, region: str | None, mask: bytes | None) -> "Interest":
        """From the text ``X,Y,W,H`` and the bytes of a mask's JSON. Raises ValueError, one sentence."""
        return cls(None if region is None else _numbers(region), None if mask is None else _file(mask))

    def region_on(self, size: Size | None) -> RegionOfInterest | None:
        """The region of pictures of ``size`` (width, height), None where they differ. Raises ValueError."""
        if self.region is None:
            return None
        x, y, width, height = self.region
        said = f"the region of interest {','.join(f'{value:g}' for value in self.region)}"
        across, down = (1, 1) if max(self.region) <= 1 else _known(size, said)
        if width <= 0 or height <= 0:
            raise ValueError(f"{said} is empty: give a width and a height above 0")
        if x < 0 or y < 0 or x + width > across + 1e-9 or y + height > down + 1e-9:
            raise ValueError(f"{said} reaches outside the picture of {across} x {down}: move it inside")
        _refuse_small(said, size, width / across, height / down)
        return RegionOfInterest(x=x / across, y=y / down, width=width / across, height=height / down)

    def mask_on(self, size: Size | None) -> Mask | None:
        """The mask of pictures of ``size`` (width, height), None where they differ. Raises ValueError."""
        return None if self.mask is None else self.mask.on(size)


NOTHING_SAID = Interest()


def _numbers(text: str) -> tuple[float, float, float, float]:
    try:
        x, y, width, height = (float(value) for value in text.split(","))
    except ValueError as error:
        raise ValueError(
            f"the region of interest {text!r} is not X,Y,W,H: give four numbers, in pixels or as fractions"
        ) from error
    if not all(abs(value) < 1e9 for value in (x, y, width, height)):
        raise ValueError(f"the region of interest {text!r} holds no usable number: give pixels or fractions")
    return x, y, width, height


def _file(data: bytes) -> MaskFile:
    try:
        return MaskFile.model_validate_json(data)
    except ValidationError as error:
        raise ValueError(f"the mask is refused: {_first(error)}") from error


def _made(kind: type[Mask], **values: object) -> Mask:
    try:
        return kind.model_validate(values)
    except ValidationError as error:
        raise ValueError(f"the mask is refused: {_first(error)}") from error


def _first(error: ValidationError) -> str:
    entry = error.errors(include_input=False, include_url=False)[0]
    place = ".".join(map(str, entry["loc"]))
    said = entry["msg"].removeprefix("Value error, ")
    return f"{place}: {said}" if place else said


def _known(size: Size | None, said: str) -> Size:
    if size is None:
        raise ValueError(f"{said} is in pixels and the pictures differ in size: give fractions from 0 to 1")
    return size


def _refuse_small(said: str, size: Size | None, across: float, down: float) -> None:
    if size is not None and min(across * size[0], down * size[1]) < LEAST_SIDE:
        raise ValueError(f"{said} is smaller than {LEAST_SIDE} pixels a side: no part can be seen in it")


def _scaled(polygons: tuple[tuple[Point, ...], ...], scale: Size) -> list[list[Point]]:
    return [[(x / scale[0], y / scale[1]) for x, y in polygon] for polygon in polygons]
