"""What an encoded image claims to be, from its first bytes alone."""

from types import ModuleType

from schemas.reasons import DeadLetterReason
from service.images.formats import bmp, jpeg, png, tiff, webp
from service.images.header import ImageHeader, refuse
from service.images.unreadable import UnreadableImage


def probe(data: bytes) -> ImageHeader:
    """The header of a JPEG, PNG, BMP, TIFF or WebP; no pixel is allocated and nothing is inflated.

    Raises UnreadableImage: empty, not-an-image, truncated (inside the header) or undecodable (a header that
    states no pixels, or a kind we refuse: animations, CMYK, 12-bit JPEG, floats). Does not block.
    """
    header: ImageHeader = format_of(data).read_header(data)
    if header.pixels == 0:
        raise refuse(f"The {header.format} states {header.width} x {header.height} pixels.")
    return header


def is_complete(data: bytes) -> bool:
    """Whether the end-of-image mark of the data's format is there, padding behind it aside."""
    return bool(format_of(data).is_complete(data))


def format_of(data: bytes) -> ModuleType:
    """The format whose magic bytes the data begins with. Raises UnreadableImage: empty, not-an-image."""
    if not data:
        raise UnreadableImage(DeadLetterReason.EMPTY)
    for module in (jpeg, png, bmp):
        if data.startswith(module.MAGIC):
            return module
    if data.startswith(tiff.MAGICS):
        return tiff
    if webp.matches(data):
        return webp
    raise UnreadableImage(DeadLetterReason.NOT_AN_IMAGE)
