"""Where the seconds of a batch go."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

Lap = Literal["decode", "extract", "search", "draw"]


class Laps:
    """Seconds by stage, added up. One thread."""

    def __init__(self) -> None:
        self.seconds: dict[Lap, float] = {}

    @contextmanager
    def of(self, lap: Lap) -> Iterator[None]:
        """What runs inside counts for the stage."""
        began = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[lap] = self.seconds.get(lap, 0.0) + time.perf_counter() - began
