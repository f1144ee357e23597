"""TIFF 6.0: the first directory. Later pages (thumbnails, as a rule) are left alone."""

from typing import Literal

from schemas.reasons import DeadLetterReason
from service.images.header import ImageHeader, refuse, take
from service.images.unreadable import UnreadableImage

MAGICS = (b"II*\x00", b"MM\x00*")
_WIDTH, _HEIGHT, _BITS, _PHOTOMETRIC, _SAMPLES, _SAMPLE_FORMAT = 256, 257, 258, 262, 277, 339
_WANTED = frozenset({_WIDTH, _HEIGHT, _BITS, _PHOTOMETRIC, _SAMPLES, _SAMPLE_FORMAT})
_CMYK = 5
_SHORT, _LONG = 3, 4


def read_header(data: bytes) -> ImageHeader:
    """Raises UnreadableImage: truncated, samples that are no unsigned integers of up to 16 bits, CMYK."""
    tags = _first_directory(data)
    width, height, samples = tags.get(_WIDTH, 0), tags.get(_HEIGHT, 0), tags.get(_SAMPLES, 1)
    bits = tags.get(_BITS, 1)
    if tags.get(_PHOTOMETRIC) == _CMYK:
        raise refuse("The TIFF is CMYK: send it grey or RGB.")
    if not (width and height):
        raise refuse("The TIFF's first directory states no width or no height.")
    if bits not in (1, 2, 4, 8, 16) or tags.get(_SAMPLE_FORMAT, 1) != 1 or samples not in (1, 2, 3, 4):
        raise refuse(
            f"The TIFF has {samples} samples of {bits} bits: send unsigned 8 or 16 bits, grey or RGB."
        )
    return ImageHeader(
        "tiff", width, height, 1 if samples == 1 else 4 if samples in (2, 4) else 3, _depth(bits)
    )


def is_complete(data: bytes) -> bool:
    """TIFF has no end mark: the strips lie anywhere, so only the decoder can tell. Always true."""
    return bool(data)


def _depth(bits: int) -> Literal[8, 16]:
    return 16 if bits == 16 else 8


def _first_directory(data: bytes) -> dict[int, int]:
    order = "<" if data[:2] == b"II" else ">"
    offset = take(order + "I", data, 4)[0]
    count = take(order + "H", data, offset)[0]
    if offset + 2 + 12 * count > len(data):
        raise UnreadableImage(DeadLetterReason.TRUNCATED)
    entries = (_entry(data, order, offset + 2 + 12 * i) for i in range(count))
    return {tag: value for tag, value in entries if tag in _WANTED}


def _entry(data: bytes, order: str, offset: int) -> tuple[int, int]:
    """A tag and its first value."""
    tag, kind, count = take(order + "HHI", data, offset)
    if tag not in _WANTED:
        return tag, 0
    if kind not in (_SHORT, _LONG):
        raise refuse(f"The TIFF's tag {tag} has the type {kind}.")
    size, code = (2, "H") if kind == _SHORT else (4, "I")
    at = offset + 8 if size * count <= 4 else take(order + "I", data, offset + 8)[0]
    return tag, int(take(order + code, data, at)[0])
