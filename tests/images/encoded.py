"""Encoded images of every kind, made by Pillow so that no encoder of ours vouches for itself."""

import io
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

Pixels = NDArray[np.uint8]


def texture(seed: int = 0, height: int = 48, width: int = 64) -> Pixels:
    """RGB noise with structure of a few pixels."""
    noise = np.random.default_rng(seed).integers(0, 256, (height, width, 3)).astype(np.uint8)
    return np.asarray(cv2.GaussianBlur(noise, (0, 0), 2), np.uint8)


def save(image: Image.Image, kind: str, **options: Any) -> bytes:
    """The image's bytes in a format of Pillow's."""
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def turned(orientation: int = 6) -> bytes:
    """A JPEG whose EXIF says that it should be shown turned."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    return save(Image.fromarray(texture()), "JPEG", exif=exif)


def animated(kind: str) -> bytes:
    """Two frames of a WebP, PNG or multi-page TIFF."""
    first, second = Image.fromarray(texture(1)), Image.fromarray(texture(2))
    return save(first, kind, save_all=True, append_images=[second])


def deep(extension: str, *, grey: bool = False) -> bytes:
    """16 bits a sample."""
    pixels = texture()[..., 0] if grey else texture()
    return bytes(cv2.imencode(extension, pixels.astype(np.uint16) * 257)[1])


def specimens() -> dict[str, bytes]:
    """One of each kind, readable or not."""
    rgb = Image.fromarray(texture())
    modes = {
        f"{kind}-{mode}": save(rgb.convert(mode), kind)
        for kind, allowed in {
            "PNG": ("1", "L", "LA", "P", "RGB", "RGBA"),
            "JPEG": ("L", "RGB", "CMYK"),
            "BMP": ("1", "L", "P", "RGB", "RGBA"),
            "TIFF": ("1", "L", "P", "RGB", "RGBA", "CMYK"),
            "WEBP": ("RGB", "RGBA"),
        }.items()
        for mode in allowed
    }
    others = {
        "JPEG-progressive": save(rgb, "JPEG", progressive=True),
        "JPEG-exif": turned(),
        "TIFF-lzw": save(rgb, "TIFF", compression="tiff_lzw"),
        "WEBP-lossless": save(rgb, "WEBP", lossless=True),
        "PNG-16": deep(".png"),
        "PNG-16-grey": deep(".png", grey=True),
        "TIFF-16": deep(".tiff"),
        "WEBP-animated": animated("WEBP"),
        "PNG-animated": animated("PNG"),
        "TIFF-pages": animated("TIFF"),
        "GIF": save(rgb, "GIF"),
    }
    return modes | others
