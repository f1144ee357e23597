"""The region of interest: the rectangle of the frame that is looked at."""

from dataclasses import dataclass
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

LEAST = 1e-4
"""The least share of a side: below it there is no picture of a part, and coordinates within it overflow."""

_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle of whole pixels of a frame, at least 1 x 1."""

    x: int
    y: int
    width: int
    height: int


class RegionOfInterest(BaseModel):
    """In fractions of the frame's width and height, so that a frame sent at another resolution is cut at the
    same place. Raises pydantic's ValidationError for one that is empty or reaches outside the frame."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    x: float = Field(ge=0, lt=1)
    y: float = Field(ge=0, lt=1)
    width: float = Field(ge=LEAST, le=1)
    height: float = Field(ge=LEAST, le=1)

    @model_validator(mode="after")
    def _inside(self) -> Self:
        if max(self.x + self.width, self.y + self.height) > 1 + _ROUNDING:
            raise ValueError("the region of interest reaches outside the frame: make it smaller")
        return self

    def box(self, width: int, height: int) -> Box:
        """On a frame of ``width`` x ``height`` pixels, to the nearest whole pixel."""
        x, across = _span(self.x, self.width, width)
        y, down = _span(self.y, self.height, height)
        return Box(x, y, across, down)


WHOLE = RegionOfInterest(x=0, y=0, width=1, height=1)


def _span(start: float, length: float, pixels: int) -> tuple[int, int]:
    first = min(round(start * pixels), pixels - 1)
    return first, max(1, min(round((start + length) * pixels), pixels) - first)
