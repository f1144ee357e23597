"""What the header of an encoded image states, and the bounded reading of bytes it takes to know it."""

import struct
from dataclasses import dataclass
from typing import Any, Literal

from schemas.reasons import DeadLetterReason
from service.images.unreadable import UnreadableImage

ImageFormat = Literal["jpeg", "png", "bmp", "tiff", "webp"]

PADDING = b"\x00\xff\r\n "
"""Bytes that may follow the end of an image: cameras pad their buffers, line-oriented tools add a newline."""


@dataclass(frozen=True, slots=True)
class ImageHeader:
    """Stated by the file, not yet true: ``channels`` 1 grey, 3 colour or palette, 4 with alpha; ``depth`` in
    bits a sample as decoded (1, 2 and 4 bits are raised to 8)."""

    format: ImageFormat
    width: int
    height: int
    channels: Literal[1, 3, 4]
    depth: Literal[8, 16]

    @property
    def pixels(self) -> int:
        return self.width * self.height


def take(layout: str, data: bytes, offset: int) -> tuple[Any, ...]:
    """``struct.unpack_from`` that raises UnreadableImage (truncated) past the end of ``data``."""
    if offset < 0 or offset + struct.calcsize(layout) > len(data):
        raise UnreadableImage(DeadLetterReason.TRUNCATED, "The image ends inside its header.")
    return struct.unpack_from(layout, data, offset)


def refuse(sentence: str) -> UnreadableImage:
    """The exception for a header that no decoder of ours should see."""
    return UnreadableImage(DeadLetterReason.UNDECODABLE, sentence)
