"""An inspector as a real process, and what it says of itself."""

import signal
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import httpx
import psutil
from prometheus_client.parser import text_string_to_metric_families

from service.embedded.server import free_port
from tests.harness.processes import Program

START_SECONDS = 180.0


class Inspecting(Program):
    """``patchline run inspector``, or a program of ours that is doomed to something."""

    def __init__(self, command: list[str], env: Mapping[str, str]) -> None:
        self.port = free_port()
        super().__init__(command, env={**env, "PATCHLINE_TELEMETRY__PORT": str(self.port)})

    def ready(self) -> None:
        """Return when it has partitions."""
        self.wait_for_line("partitions assigned", START_SECONDS)

    def died(self, seconds: float = START_SECONDS) -> float:
        """The moment (monotonic) when it was killed by SIGKILL."""
        status = self.wait(seconds)
        assert status == -signal.SIGKILL, f"it ended with {status}: {self.output()[-2000:]}"
        return time.monotonic()

    def total(self, name: str) -> float:
        """The sum of a metric's samples over all labels."""
        return sum(float(sample.value) for sample in self._samples() if sample.name == name)

    def metric(self, name: str, **labels: str) -> float | None:
        """A sample of its metrics, None where there is none."""
        samples = (sample for sample in self._samples() if sample.name == name)
        return next((float(s.value) for s in samples if labels.items() <= s.labels.items()), None)

    def histogram(self, name: str) -> "Counter[float]":
        """How many observations were at most each bound."""
        bounds: Counter[float] = Counter()
        for sample in self._samples():
            if sample.name == f"{name}_bucket":
                bounds[float(sample.labels["le"])] += int(sample.value)
        return bounds

    def _samples(self) -> Iterable[Any]:
        text = httpx.get(f"http://127.0.0.1:{self.port}/metrics", timeout=10).text
        return [sample for family in text_string_to_metric_families(text) for sample in family.samples]

    def complaint(self) -> str | None:
        """What /readyz complains of."""
        answer = httpx.get(f"http://127.0.0.1:{self.port}/readyz", timeout=10)
        return answer.text.strip() if answer.status_code == 503 else None

    def wait_for_metric(self, value: float, name: str, seconds: float = 60.0, **labels: str) -> None:
        """Return when a metric has this value."""
        deadline, found = time.monotonic() + seconds, None
        while time.monotonic() < deadline:
            found = self.metric(name, **labels)
            if found == value:
                return
            time.sleep(0.1)
        raise AssertionError(f"{name} is {found}, not {value}: {self.output()[-2000:]}")

    def extraction(self) -> psutil.Process:
        """Its extraction worker, a child of the process that it was forked from."""
        for child in psutil.Process(self.pid).children(recursive=True):
            if any("extraction" in argument for argument in child.cmdline()) and child.ppid() != self.pid:
                return child
        raise AssertionError(f"it has no extraction worker: {self.output()[-2000:]}")

    def resident(self) -> int:
        """Bytes of memory of it and its worker."""
        mine = psutil.Process(self.pid)
        return sum(int(p.memory_info().rss) for p in (mine, *mine.children(recursive=True)))

    def orderly(self) -> bool:
        """Whether nothing that it wrote is an accident."""
        return not any(word in self.output() for word in ("Traceback", "CommitFailedError"))
