"""What a running program says of itself every few seconds: that it lives, and how it fared lately."""

import os
import socket
import time
from collections import deque
from datetime import UTC, datetime
from typing import Self

from prometheus_client import Counter, Histogram
from pydantic import BaseModel, ConfigDict

from service.runtime.version import package_version
from service.telemetry import metrics

WINDOW_SECONDS = 60.0
QUANTILES = (0.5, 0.95, 0.99)
Buckets = dict[float, float]


class Pulse(BaseModel):
    """One beat of a program. Rates and latencies are of the last minute, None where nothing happened;
    ``waiting_for`` is None when it is ready."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    program: str
    host: str
    pid: int
    version: str
    started_at: datetime
    at: datetime
    waiting_for: str | None = None
    frames_per_second: float | None = None
    batch_frames: float | None = None
    p50_ms: float | None = None
    p95_ms: float | None = None
    p99_ms: float | None = None
    in_flight: float | None = None
    restarts: float = 0

    @property
    def name(self) -> str:
        """Unique among running programs."""
        return f"{self.program}:{self.host}:{self.pid}"


class _Reading(BaseModel):
    """The counts that the rates of a window are differences of."""

    at: float
    frames: float
    batches: float
    batch_frames: float
    latency: Buckets

    @classmethod
    def now(cls) -> Self:
        sizes = _sums(metrics.BATCH_FRAMES)
        return cls(
            at=time.monotonic(),
            frames=_total(metrics.FRAMES),
            batches=sizes[0],
            batch_frames=sizes[1],
            latency=_buckets(metrics.LATENCY),
        )


class Meter:
    """Reads this process's own metrics, and remembers a minute of them."""

    def __init__(self, program: str) -> None:
        self._program, self._host = program, socket.gethostname()
        self._started = datetime.now(UTC)
        self._readings: deque[_Reading] = deque([_Reading.now()])

    def pulse(self, waiting_for: str | None) -> Pulse:
        """The beat of this moment. Does not block."""
        reading = _Reading.now()
        self._readings.append(reading)
        while len(self._readings) > 2 and reading.at - self._readings[1].at >= WINDOW_SECONDS:
            self._readings.popleft()
        before = self._readings[0]
        frames, batches = reading.frames - before.frames, reading.batches - before.batches
        seconds = max(reading.at - before.at, 1e-3)
        judges = self._program == "inspector"
        quantiles = [_quantile(before.latency, reading.latency, share) for share in QUANTILES]
        return Pulse(
            program=self._program,
            host=self._host,
            pid=os.getpid(),
            version=package_version(),
            started_at=self._started,
            at=datetime.now(UTC),
            waiting_for=waiting_for,
            frames_per_second=frames / seconds if judges else None,
            batch_frames=(reading.batch_frames - before.batch_frames) / batches if batches else None,
            p50_ms=quantiles[0],
            p95_ms=quantiles[1],
            p99_ms=quantiles[2],
            in_flight=_value(metrics.IN_FLIGHT.collect()) if judges else None,
            restarts=_total(metrics.WORKER_RESTARTS),
        )


def _total(counter: Counter) -> float:
    samples = [sample for family in counter.collect() for sample in family.samples]
    return sum(sample.value for sample in samples if sample.name.endswith("_total"))


def _value(families: object) -> float:
    return float(sum(s.value for family in families for s in family.samples))  # type: ignore[attr-defined]


def _sums(histogram: Histogram) -> tuple[float, float]:
    samples = {s.name: s.value for family in histogram.collect() for s in family.samples if not s.labels}
    count = next((value for name, value in samples.items() if name.endswith("_count")), 0.0)
    return count, next((value for name, value in samples.items() if name.endswith("_sum")), 0.0)


def _buckets(histogram: Histogram) -> Buckets:
    samples = [sample for family in histogram.collect() for sample in family.samples]
    return {float(s.labels["le"]): s.value for s in samples if s.name.endswith("_bucket")}


def _quantile(before: Buckets, after: Buckets, share: float) -> float | None:
    """In milliseconds, by straight lines within buckets, as Prometheus does it."""
    counts = {edge: after[edge] - before.get(edge, 0.0) for edge in sorted(after)}
    total = max(counts.values(), default=0.0)
    if total <= 0:
        return None
    wanted, low, seen = share * total, 0.0, 0.0
    for edge, count in counts.items():
        if count >= wanted:
            # Past the last finite edge nothing more is known.
            high = edge if edge != float("inf") else low
            inside = (wanted - seen) / (count - seen) if count > seen else 1.0
            return 1000 * (low + (high - low) * inside)
        low, seen = edge, count
    return None
