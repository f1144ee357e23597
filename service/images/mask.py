"""The mask: polygons on the frame that say where a defect would count."""

from typing import Annotated, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, model_validator

from service.images.polygon import Point, Polygon
from service.images.region import RegionOfInterest

MOST_POLYGONS = 64
Polygons = Annotated[tuple[Polygon, ...], Field(max_length=MOST_POLYGONS)]


class Mask(BaseModel):
    """What lies in a polygon of ``look`` (everywhere when there is none) and in none of ``ignore`` is looked
    at. Points are fractions of the frame's width and height. Raises pydantic's ValidationError for a point
    outside the frame, for a polygon that bounds nothing or crosses itself, and for no polygon at all."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    look: Polygons = ()
    ignore: Polygons = ()

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.look and not self.ignore:
            raise ValueError("the mask has no polygon: give some to look at or to ignore")
        if any(
            not 0 <= value <= 1 for polygon in (*self.look, *self.ignore) for at in polygon for value in at
        ):
            raise ValueError("a point of the mask lies outside the frame")
        return self

    def looked_at(self, window: RegionOfInterest, width: int, height: int) -> NDArray[np.bool_]:
        """[height, width]: which pixels of the frame's ``window``, drawn at that size, are looked at."""
        seen = np.full((height, width), not self.look)
        for value, polygons in ((True, self.look), (False, self.ignore)):
            for polygon in polygons:
                seen[_inside(_on(polygon, window, width, height), width, height)] = value
        return seen


def _on(polygon: tuple[Point, ...], window: RegionOfInterest, width: int, height: int) -> NDArray[np.float64]:
    inside = (np.asarray(polygon) - (window.x, window.y)) / (window.width, window.height)
    return np.asarray(inside * (width, height))


def _inside(corners: NDArray[np.float64], width: int, height: int) -> NDArray[np.bool_]:
    """The pixels whose centres lie inside, by the edges to their left: exact where a library's drawing takes
    in whatever the outline touches."""
    crossed = np.zeros((height, width + 1), np.uint8)
    centres = np.arange(height) + 0.5
    for (x0, y0), (x1, y1) in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        rows = np.flatnonzero((centres >= min(y0, y1)) & (centres < max(y0, y1)))
        where = x0 + (centres[rows] - y0) * (x1 - x0) / (y1 - y0) if len(rows) else np.empty(0)
        crossed[rows, np.clip(np.ceil(where - 0.5), 0, width).astype(np.int64)] ^= 1
    return np.bitwise_xor.accumulate(crossed, axis=1)[:, :width].astype(bool)
