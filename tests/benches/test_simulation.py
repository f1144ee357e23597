"""The laws of the simulated queue."""

import json

import numpy as np
import pytest

from tests.benches.scale import BEGIN, DOCS, END, needs, tables
from tests.benches.simulation import Service, latencies, paced


def test_a_lone_frame_waits_for_others_and_is_served() -> None:
    service = Service(a_frame=0.01, a_batch=0.002, after=0.005)
    assert latencies(np.array([3.0]), service) == pytest.approx([0.05 + 0.012 + 0.005])


def test_a_full_batch_leaves_at_once_and_the_next_waits_for_the_device() -> None:
    found = latencies(np.zeros(16), Service(a_frame=0.01))
    assert found[:8] == pytest.approx([0.08] * 8)
    assert found[8:] == pytest.approx([0.16] * 8)


def test_nobody_is_served_while_the_inspector_is_away() -> None:
    found = latencies(np.array([1.0, 1.1]), Service(a_frame=0.01), [(0.5, 4.0)])
    assert found == pytest.approx([3.02, 2.92])


def test_arrivals_come_at_the_rate_that_was_asked_for() -> None:
    assert len(paced(20, 60, 4, 0)) == pytest.approx(1200, abs=4)


def test_ten_times_the_cameras_need_ten_times_the_inspectors() -> None:
    costs = json.loads((DOCS / "scale-costs.json").read_text())
    few, many = (int(needs(n, costs)["inspectors (2 cores each)"].replace(",", "")) for n in (1000, 10_000))
    assert many == pytest.approx(10 * few, rel=0.05)


def test_the_page_is_what_the_costs_say() -> None:
    costs = json.loads((DOCS / "scale-costs.json").read_text())
    page = (DOCS / "scale.md").read_text()
    assert page.split(BEGIN)[1].split(END)[0] == tables(costs)
