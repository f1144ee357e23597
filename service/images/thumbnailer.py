"""``python -m service.images.thumbnailer``: makes pictures small, in a process of its own.

Pictures are hostile bytes: nobody decodes them beside secrets and sessions. On standard input come five
integers (the box to cut out, x, y, width, height; a width of 0 is the whole, then the longest side of the
answer) and a picture with its length before it; to standard output goes a JPEG with its length before it,
empty where the picture cannot be made small.
"""

import resource
import struct
import sys
from typing import BinaryIO

import numpy as np

from service.images.decode import ImageLimits, decode
from service.images.picture import Pixels
from service.images.unreadable import UnreadableImage

import cv2  # isort: skip - after service.images, which sets what OpenCV reads while it loads

REQUEST = struct.Struct(">5iI")
LENGTH = struct.Struct(">I")
QUALITY = 82
MEMORY_BYTES = 2 * 2**30
LIMITS = ImageLimits(max_bytes=256 * 2**20)
Box = tuple[int, int, int, int]


def thumbnail(data: bytes, side: int, box: Box | None = None) -> bytes:
    """A JPEG whose longer side is at most ``side``, of the box or of all; deep pictures are shown from black
    to their own white. Raises ``UnreadableImage``."""
    pixels = decode(data, LIMITS).pixels
    if pixels.dtype != np.uint8:
        pixels = (pixels * (255.0 / max(1, int(pixels.max())))).astype(np.uint8)
    shown = pixels if box is None else _cut(pixels, box)
    height, width = shown.shape[:2]
    scale = min(1.0, side / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = cv2.resize(shown, size, interpolation=cv2.INTER_AREA)
    stored = cv2.cvtColor(small, cv2.COLOR_RGB2BGR) if small.ndim == 3 else small
    return bytes(cv2.imencode(".jpg", stored, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])[1])


def _cut(pixels: Pixels, box: Box) -> Pixels:
    """The box, moved inside the picture where it reaches out, and never empty."""
    x, y, width, height = box
    width, height = min(width, pixels.shape[1]), min(height, pixels.shape[0])
    left = max(0, min(x, pixels.shape[1] - width))
    top = max(0, min(y, pixels.shape[0] - height))
    return pixels[top : top + height, left : left + width]


def serve(source: BinaryIO, sink: BinaryIO) -> None:
    """Answer until the source ends."""
    while len(head := source.read(REQUEST.size)) == REQUEST.size:
        *box, side, length = REQUEST.unpack(head)
        data = source.read(length)
        try:
            x, y, width, height = box
            made = thumbnail(data, side, (x, y, width, height) if width else None)
        except (UnreadableImage, ValueError, cv2.error, MemoryError):
            made = b""
        sink.write(LENGTH.pack(len(made)) + made)
        sink.flush()


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    cv2.setNumThreads(1)
    serve(sys.stdin.buffer, sys.stdout.buffer)
