"""One decoded frame: its pixels as the camera stored them."""

from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from service.images.header import ImageHeader

Pixels = NDArray[np.uint8] | NDArray[np.uint16]


@dataclass(frozen=True, slots=True)
class PictureForm:
    """What a picture is like, small enough to keep for every part. ``peak`` is its largest sample."""

    width: int
    height: int
    channels: Literal["grey", "colour"]
    depth: Literal[8, 16]
    peak: int


@dataclass(frozen=True, slots=True)
class Picture:
    """``pixels`` is [height, width] (grey) or [height, width, 3] (RGB), uint8 or uint16. ``ahead``: its view
    by each contract that it is known to fit (see ``view.admit``)."""

    pixels: Pixels
    header: ImageHeader
    ahead: dict[Hashable, Pixels] = field(default_factory=dict, repr=False, compare=False)

    @property
    def width(self) -> int:
        return int(self.pixels.shape[1])

    @property
    def height(self) -> int:
        return int(self.pixels.shape[0])

    @property
    def depth(self) -> Literal[8, 16]:
        return 16 if self.pixels.dtype == np.uint16 else 8

    def form(self) -> PictureForm:
        """Looks at every pixel once: a few milliseconds for a large picture."""
        channels: Literal["grey", "colour"] = "grey" if is_grey(self.pixels) else "colour"
        return PictureForm(self.width, self.height, channels, self.depth, int(self.pixels.max()))


def is_grey(pixels: Pixels) -> bool:
    """Whether there is one channel, or three that are equal everywhere: what a grey camera behind a colour
    encoder sends (JPEG keeps equal channels equal)."""
    if pixels.ndim == 2:
        return True
    return _equal_channels(pixels[::16, ::16]) and _equal_channels(pixels)


def _equal_channels(pixels: Pixels) -> bool:
    red, green, blue = pixels[..., 0], pixels[..., 1], pixels[..., 2]
    return bool((red == green).all() and (green == blue).all())
