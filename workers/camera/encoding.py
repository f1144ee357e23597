"""From pixels to the bytes of a frame: cut to the region of interest, then JPEG or lossless PNG."""

from dataclasses import dataclass

import cv2

from workers.camera.source import Pixels


@dataclass(frozen=True, slots=True)
class Encoding:
    """``quality`` is JPEG's, 1 to 100; None is PNG, lossless. ``region`` is x, y, width, height in pixels."""

    quality: int | None = 95
    region: tuple[int, int, int, int] | None = None

    def __post_init__(self) -> None:
        if self.quality is not None and not 1 <= self.quality <= 100:
            raise ValueError(f"quality {self.quality} is refused: JPEG's is 1 to 100")
        if self.region is not None and (min(self.region) < 0 or 0 in self.region[2:]):
            raise ValueError(f"region {self.region} is refused: write it as X,Y,WIDTH,HEIGHT in pixels")

    @property
    def ending(self) -> str:
        """What file names of this kind end with."""
        return ".png" if self.quality is None else ".jpg"

    def encoded(self, pixels: Pixels) -> bytes:
        """The frame's bytes. Raises ``ValueError`` for a region that is not within the picture."""
        options = [] if self.quality is None else [cv2.IMWRITE_JPEG_QUALITY, self.quality]
        done, data = cv2.imencode(self.ending, self._cut(pixels), options)
        if not done:
            raise ValueError(f"OpenCV makes no {self.ending} of a picture of {pixels.shape}")
        return data.tobytes()

    def _cut(self, pixels: Pixels) -> Pixels:
        if self.region is None:
            return pixels
        x, y, width, height = self.region
        rows, columns = pixels.shape[:2]
        if x + width > columns or y + height > rows:
            raise ValueError(f"region {x},{y},{width},{height} is not within {columns} x {rows} pixels")
        return pixels[y : y + height, x : x + width]
