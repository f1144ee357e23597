"""The port to a camera that gives pictures one after the other. It blocks: a thread of its own reads it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import numpy as np
import numpy.typing as npt

# Rows x columns x 3, blue first, as OpenCV has them; or rows x columns.
Pixels = npt.NDArray[np.uint8]


class SourceFault(Exception):
    """The camera gives no pictures; opening it again may help. The sentence holds no secret."""


class SourceEnded(Exception):
    """There are no more pictures: a video has come to its end."""


@dataclass(frozen=True, slots=True)
class Captured:
    """A picture and the moment at which this host had it."""

    pixels: Pixels
    at: datetime


class Source(Protocol):
    """A camera. One thread uses it."""

    def pictures(self) -> Iterator[Captured]:
        """Open it and give picture after picture, each within the time-out. Raises ``SourceFault``; ends in
        ``SourceEnded``. Closing the iterator lets go of the camera."""
        ...
