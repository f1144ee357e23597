"""Credits: how much may be in flight at once, in frames and in decoded pixels."""


class Credits:
    """Counts what is in flight against two marks. What was fetched is always taken in; past a mark the
    caller pauses, so that the overshoot is what one poll brings."""

    def __init__(self, *, max_frames: int, max_pixels: int) -> None:
        self._max_frames = max_frames
        self._max_pixels = max_pixels
        self.frames = 0
        self.pixels = 0

    @property
    def open(self) -> bool:
        """Whether more may be fetched."""
        return self.frames < self._max_frames and self.pixels < self._max_pixels

    def spend(self, pixels: int) -> None:
        """One frame of so many decoded pixels came in."""
        self.frames += 1
        self.pixels += pixels

    def give_back(self, pixels: int) -> None:
        """The frame left. Raises ``ValueError`` when more is given back than was spent."""
        if self.frames < 1 or self.pixels < pixels:
            raise ValueError(f"{pixels} pixels were given back and were not in flight: spend them first")
        self.frames -= 1
        self.pixels -= pixels
