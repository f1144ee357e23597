"""Metrics are named by Prometheus' rules, and none grows with parts."""

import re
import shutil
import subprocess

import pytest
from prometheus_client import Counter, Histogram, generate_latest
from prometheus_client.metrics import MetricWrapperBase

from service.telemetry import metrics

# What a label may tell apart: things that an installation has dozens of, never frames, parts or people.
BOUNDED = {
    "line",
    "verdict",
    "reason",
    "partition",
    "topic",
    "fault",
    "cause",
    "kind",
    "outcome",
    "camera",
    "sink",
    "stage",
    "state",
    "class",
}
_UNITS = ("_seconds", "_bytes", "_frames", "_pixels", "_records", "_partitions")


def _every() -> list[MetricWrapperBase]:
    return [metric for metric in vars(metrics).values() if isinstance(metric, MetricWrapperBase)]


@pytest.mark.parametrize("metric", _every(), ids=lambda metric: metric._name)
def test_a_metric_has_a_sentence_a_unit_and_labels_that_stay_few(metric: MetricWrapperBase) -> None:
    name = metric._name
    assert re.fullmatch(r"patchline(_[a-z]+)+", name)
    assert metric._documentation.endswith(".")
    assert set(metric._labelnames) <= BOUNDED
    if isinstance(metric, Histogram):
        assert name.endswith(_UNITS)
    if isinstance(metric, Counter):
        assert not name.endswith("_total"), "the library adds it"


def test_no_two_metrics_have_one_name() -> None:
    names = [metric._name for metric in _every()]
    assert len(names) == len(set(names)) > 20


def test_prometheus_own_linter_finds_nothing() -> None:
    tool = shutil.which("promtool")
    if tool is None:
        pytest.skip("promtool is not installed")
    shown = b"\n".join(line for line in generate_latest().splitlines() if b"patchline_" in line) + b"\n"
    ended = subprocess.run([tool, "check", "metrics"], input=shown, capture_output=True, check=False)
    assert ended.returncode == 0, ended.stderr.decode() + ended.stdout.decode()
