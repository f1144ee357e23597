"""Whether a process grows: the slope of its memory and descriptors over time, and how sure that slope is."""

import time
from dataclasses import dataclass, field
from statistics import linear_regression

import numpy as np

# What starts, warms up: a third of a life is not looked at.
WARMING = 3
LEAST_SAMPLES = 12
BLOCKS = 6


@dataclass
class Growth:
    """Samples of one process; another process is another life, and begins anew."""

    pid: int | None = None
    samples: list[tuple[float, float, float]] = field(default_factory=list)

    def saw(self, pid: int, resident: int, descriptors: int) -> None:
        """A sample, taken now."""
        if pid != self.pid:
            self.pid, self.samples = pid, []
        self.samples.append((time.monotonic(), resident / 2**20, float(descriptors)))

    @property
    def none(self) -> bool:
        """Whether neither grows beyond what chance explains."""
        return len(self.samples) >= LEAST_SAMPLES and all(
            slope <= 2 * doubt for slope, doubt in (self.slope(1), self.slope(2))
        )

    def slope(self, column: int) -> tuple[float, float]:
        """Growth an hour of memory (1, MiB) or descriptors (2), and its standard error: of the slopes of the
        line through means of blocks, since neighbouring samples tell the same."""
        settled = np.array(self.samples[len(self.samples) // WARMING :])
        blocks = np.array_split(settled, min(BLOCKS, len(settled) // 2))
        hours = [float(block[:, 0].mean()) / 3600 for block in blocks]
        values = [float(block[:, column].mean()) for block in blocks]
        fit = linear_regression(hours, values)
        left = [v - fit.slope * h - fit.intercept for h, v in zip(hours, values, strict=True)]
        spread = sum((hour - sum(hours) / len(hours)) ** 2 for hour in hours)
        error = (sum(e * e for e in left) / max(len(hours) - 2, 1) / spread) ** 0.5
        return float(fit.slope), float(error)

    def told(self) -> str:
        """A sentence with the figures."""
        if len(self.samples) < LEAST_SAMPLES:
            return f"lived for {len(self.samples)} samples only, so nothing is said of its growth"
        (memory, doubt), (files, unsure) = self.slope(1), self.slope(2)
        first, last = self.samples[len(self.samples) // WARMING], self.samples[-1]
        return (
            f"memory {first[1]:.0f} to {last[1]:.0f} MiB, {memory:+.0f} +- {doubt:.0f} MiB an hour; "
            f"descriptors {first[2]:.0f} to {last[2]:.0f}, {files:+.1f} +- {unsure:.1f} an hour"
        )
