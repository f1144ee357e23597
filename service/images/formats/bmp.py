"""BMP (BITMAPINFOHEADER and later): two headers at the start; the end follows from what they state."""

from typing import Literal

from service.images.header import ImageHeader, refuse, take

MAGIC = b"BM"
_CHANNELS: dict[int, Literal[1, 3, 4]] = {1: 3, 4: 3, 8: 3, 24: 3, 32: 4}
_UNCOMPRESSED = 0


def read_header(data: bytes) -> ImageHeader:
    """Raises UnreadableImage: truncated, or a BMP that is not 1, 4, 8, 24 or 32 bits a pixel."""
    if take("<I", data, 14)[0] < 40:
        raise refuse("The BMP has the header of OS/2: send it with a BITMAPINFOHEADER.")
    width, height, _planes, bits = take("<iiHH", data, 18)
    if width <= 0 or height == 0 or bits not in _CHANNELS:
        raise refuse(f"The BMP states {width} x {height} pixels of {bits} bits.")
    return ImageHeader("bmp", width, abs(height), _CHANNELS[bits], 8)


def is_complete(data: bytes) -> bool:
    """Whether the pixels that the header states are all there (uncompressed), or the stated file size is."""
    offset, width, height = take("<I4xii", data, 10)
    bits, compression = take("<HI", data, 28)
    if compression != _UNCOMPRESSED:
        return bool(len(data) >= take("<I", data, 2)[0])
    row = (width * bits + 31) // 32 * 4
    return bool(len(data) >= offset + row * abs(height))
