"""Bytes to pixels, refusing before decoding whatever can be refused."""

from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from schemas.reasons import DeadLetterReason
from service.images import PIXEL_CEILING
from service.images.header import ImageHeader, refuse
from service.images.picture import Picture, Pixels
from service.images.probe import is_complete, probe
from service.images.unreadable import UnreadableImage

import cv2  # isort: skip - after service.images, which sets what OpenCV reads while it loads


@dataclass(frozen=True, slots=True)
class ImageLimits:
    """What one frame may cost. Raises ValueError for limits outside what a worker can bear."""

    max_pixels: int = 64_000_000
    max_bytes: int = 8_388_608

    def __post_init__(self) -> None:
        if not 0 < self.max_pixels <= PIXEL_CEILING:
            raise ValueError(f"max_pixels is {self.max_pixels}: choose between 1 and {PIXEL_CEILING}.")
        if self.max_bytes <= 0:
            raise ValueError(f"max_bytes is {self.max_bytes}: choose a positive number.")


DEFAULT_LIMITS = ImageLimits()


def decode(data: bytes, limits: ImageLimits = DEFAULT_LIMITS) -> Picture:
    """The pixels as stored: EXIF rotation is not applied, so boxes are in the frame's own coordinates.

    Alpha is dropped; a palette becomes colour; 1, 2 and 4 bits become 8; 16 bits stay. Of a TIFF with many
    pages the first is taken; animations, CMYK and floats are refused. Raises UnreadableImage with the reason,
    in this order: empty, too-many-bytes, not-an-image, truncated or undecodable (header), too-many-pixels,
    truncated (no end-of-image mark), undecodable. Blocks for the decoding: about 10 ms a megapixel.
    """
    header = inspect(data, limits)
    if not is_complete(data):
        raise UnreadableImage(DeadLetterReason.TRUNCATED)
    pixels = _visible(_decoded(data))
    if pixels.shape[:2] != (header.height, header.width):
        raise refuse(f"The pixels are not the {header.width} x {header.height} that the header states.")
    return Picture(pixels, header)


def inspect(data: bytes, limits: ImageLimits = DEFAULT_LIMITS) -> ImageHeader:
    """The header, held against the limits: what back-pressure counts before anything is decoded.

    Raises UnreadableImage: empty, too-many-bytes, not-an-image, truncated, undecodable, too-many-pixels.
    """
    if len(data) > limits.max_bytes:
        raise UnreadableImage(
            DeadLetterReason.TOO_MANY_BYTES,
            f"The frame has {len(data)} bytes where {limits.max_bytes} are allowed: compress or crop it.",
        )
    header = probe(data)
    if header.pixels > limits.max_pixels:
        raise UnreadableImage(
            DeadLetterReason.TOO_MANY_PIXELS,
            f"The frame states {header.width} x {header.height} pixels where {limits.max_pixels} are "
            "allowed: crop it or raise the limit.",
        )
    return header


def _decoded(data: bytes) -> NDArray[Any]:
    """OpenCV answers with nothing, or raises, for what it cannot decode."""
    try:
        pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    except cv2.error as error:
        raise UnreadableImage(DeadLetterReason.UNDECODABLE) from error
    if pixels is None or pixels.dtype not in (np.uint8, np.uint16):
        raise UnreadableImage(DeadLetterReason.UNDECODABLE)
    return pixels


def _visible(pixels: NDArray[Any]) -> Pixels:
    """OpenCV's grey, BGR or BGRA as grey or RGB, without alpha."""
    if pixels.ndim == 2:
        return pixels
    conversions = {3: cv2.COLOR_BGR2RGB, 4: cv2.COLOR_BGRA2RGB}
    if pixels.shape[2] == 1:
        return np.ascontiguousarray(pixels[..., 0])
    if pixels.shape[2] not in conversions:
        raise refuse(f"The image decodes to {pixels.shape[2]} channels: send it grey or RGB.")
    return cast(Pixels, cv2.cvtColor(pixels, conversions[pixels.shape[2]]))
