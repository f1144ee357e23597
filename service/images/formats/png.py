"""PNG (W3C third edition): the IHDR chunk at its fixed place, and the IEND chunk at the end."""

from typing import Literal

from service.images.header import PADDING, ImageHeader, refuse, take

MAGIC = b"\x89PNG\r\n\x1a\n"
END = b"\x00\x00\x00\x00IEND\xaeB`\x82"
_CHANNELS: dict[int, Literal[1, 3, 4]] = {0: 1, 2: 3, 3: 3, 4: 4, 6: 4}
_DEPTHS = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}


def read_header(data: bytes) -> ImageHeader:
    """Raises UnreadableImage: truncated, an impossible header, or an animation."""
    length, kind, width, height, depth, colour = take(">I4sIIBB", data, 8)
    if (length, kind) != (13, b"IHDR") or depth not in _DEPTHS.get(colour, ()):
        raise refuse("The PNG's first chunk is no valid IHDR.")
    if _is_animated(data):
        raise refuse("The PNG is animated: send one frame for one part.")
    return ImageHeader("png", width, height, _CHANNELS[colour], 16 if depth == 16 else 8)


def is_complete(data: bytes) -> bool:
    """Whether nothing but padding follows the IEND chunk."""
    return data.rstrip(PADDING).endswith(END)


def _is_animated(data: bytes) -> bool:
    """An acTL chunk before the pixels makes an animation. Looked for in the bytes before the first IDAT."""
    first_pixels = data.find(b"IDAT", 8)
    return data.find(b"acTL", 8, first_pixels if first_pixels >= 0 else len(data)) >= 0
