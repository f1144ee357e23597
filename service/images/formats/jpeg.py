"""JPEG (ITU-T T.81): marker segments up to the frame header, and the EOI mark at the end."""

from typing import Literal

from schemas.reasons import DeadLetterReason
from service.images.header import PADDING, ImageHeader, refuse, take
from service.images.unreadable import UnreadableImage

MAGIC = b"\xff\xd8\xff"
END = b"\xff\xd9"
_FRAME_HEADERS = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_START_OF_SCAN = 0xDA
_END_OF_IMAGE = 0xD9
_ALONE = frozenset({0x01, *range(0xD0, 0xD9)})


def read_header(data: bytes) -> ImageHeader:
    """Raises UnreadableImage: truncated before the frame header, or a kind of JPEG that is not judged."""
    offset = _frame_header(data)
    precision, height, width, components = take(">BHHB", data, offset)
    if precision != 8:
        raise refuse(f"The JPEG has {precision} bits a sample: send 8, or 16 as PNG or TIFF.")
    if height == 0:
        raise refuse(
            "The JPEG leaves its height to a later DNL marker: send it with the height in its header."
        )
    return ImageHeader("jpeg", width, height, _channels(components), 8)


def is_complete(data: bytes) -> bool:
    """Whether nothing but padding follows the last EOI mark. A thumbnail's EOI lies before the scan."""
    return data.rstrip(PADDING).endswith(END)


def _frame_header(data: bytes) -> int:
    """The offset of the first frame header's contents."""
    offset = 2
    while True:
        marker, offset = _next_marker(data, offset)
        if marker in _FRAME_HEADERS:
            return offset + 2
        if marker in (_START_OF_SCAN, _END_OF_IMAGE):
            raise refuse("The JPEG has no frame header before its scan.")
        if marker not in _ALONE:
            offset += _length(data, offset)


def _next_marker(data: bytes, offset: int) -> tuple[int, int]:
    if take("B", data, offset)[0] != 0xFF:
        raise refuse(f"The JPEG has no marker at byte {offset}.")
    while offset < len(data) and data[offset] == 0xFF:
        offset += 1
    return int(take("B", data, offset)[0]), offset + 1


def _length(data: bytes, offset: int) -> int:
    length = int(take(">H", data, offset)[0])
    if length < 2:
        raise refuse(f"The JPEG segment at byte {offset} states a length of {length}.")
    if offset + length > len(data):
        raise UnreadableImage(DeadLetterReason.TRUNCATED)
    return length


def _channels(components: int) -> Literal[1, 3]:
    if components == 1:
        return 1
    if components == 3:
        return 3
    # Decoders disagree on Adobe's inverted CMYK, so the same file would have two scores.
    raise refuse(f"The JPEG has {components} components (CMYK?): send it grey or as YCbCr.")
