"""A USB camera by OpenCV."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime

import cv2
import numpy as np

from workers.camera.source import Captured, SourceFault


class UsbSource:
    """A source of the port. OpenCV has no time-out of its own: who reads it watches the clock."""

    def __init__(self, number: int) -> None:
        self._number = number

    def pictures(self) -> Iterator[Captured]:
        """See the port."""
        # OpenCV tells of a missing device on standard error, in several lines, at each try.
        os.environ.setdefault("OPENCV_LOG_LEVEL", "SILENT")
        camera = cv2.VideoCapture(self._number)
        try:
            if not camera.isOpened():
                raise SourceFault(f"USB camera {self._number} cannot be opened: check that it is plugged in")
            while True:
                fine, pixels = camera.read()
                if not fine:
                    raise SourceFault(f"USB camera {self._number} gives no picture: check its cable")
                yield Captured(np.asarray(pixels, np.uint8), datetime.now(UTC))
        finally:
            camera.release()
