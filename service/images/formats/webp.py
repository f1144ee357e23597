"""WebP (RIFF container, RFC 9649): the first chunk; the RIFF size is the end."""

from typing import Literal

from service.images.header import ImageHeader, refuse, take

_ANIMATION, _ALPHA = 0x02, 0x10


def matches(data: bytes) -> bool:
    """Whether the bytes begin like a WebP."""
    return data[:4] == b"RIFF" and data[8:12] == b"WEBP"


def read_header(data: bytes) -> ImageHeader:
    """Raises UnreadableImage: truncated, an unknown first chunk, or an animation."""
    kind = take("4s", data, 12)[0]
    readers = {b"VP8 ": _lossy, b"VP8L": _lossless, b"VP8X": _extended}
    if kind not in readers:
        raise refuse("The WebP's first chunk is none of VP8, VP8L and VP8X.")
    width, height, channels = readers[kind](data)
    return ImageHeader("webp", width, height, channels, 8)


def is_complete(data: bytes) -> bool:
    """Whether as many bytes are there as the RIFF header states."""
    return bool(len(data) >= 8 + take("<I", data, 4)[0])


def _lossy(data: bytes) -> tuple[int, int, Literal[3, 4]]:
    start, width, height = take("<3sHH", data, 23)
    if start != b"\x9d\x01\x2a":
        raise refuse("The WebP's VP8 frame has no start code.")
    return width & 0x3FFF, height & 0x3FFF, 3


def _lossless(data: bytes) -> tuple[int, int, Literal[3, 4]]:
    signature, bits = take("<BI", data, 20)
    if signature != 0x2F:
        raise refuse("The WebP's VP8L frame has no signature.")
    return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1, 4 if bits >> 28 & 1 else 3


def _extended(data: bytes) -> tuple[int, int, Literal[3, 4]]:
    flags, width, height = take("<B3x3s3s", data, 20)
    if flags & _ANIMATION:
        raise refuse("The WebP is animated: send one frame for one part.")
    sizes = [int.from_bytes(side, "little") + 1 for side in (width, height)]
    return sizes[0], sizes[1], 4 if flags & _ALPHA else 3
