"""The built-in good image: drawn, so that no file can be missing when the device is in doubt."""

from functools import cache

import cv2
import numpy as np

_SIDE = 256


@cache
def probe_png() -> bytes:
    """A grey picture with rings, as PNG: textured enough for every check of a frame."""
    rows, columns = np.mgrid[0:_SIDE, 0:_SIDE]
    distance = np.hypot(rows - _SIDE / 2, columns - _SIDE / 2)
    picture = (128 + 100 * np.sin(distance / 6)).astype(np.uint8)
    return bytes(cv2.imencode(".png", picture)[1])
