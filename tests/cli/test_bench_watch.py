"""``patchline bench drift`` and ``bench poison`` on a few real cells: the figures promised are there."""

from pathlib import Path

import pytest

from tests.cli.conftest import Command
from workers.cli.poisoning import Approval


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_drift_is_measured_for_light_focus_and_material_beside_none(
    patchline: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATCHLINE_DRIFT__REFERENCE_FRAMES", "100")
    figures = patchline(
        "bench", "drift", "--recipe", "plain", "--taught", 20, "--passing", 20, "--lines", 2, "--json"
    ).json
    assert (figures["reference"], figures["lines"]) == (100, 2)
    assert set(figures["false_alarms_per_100000"]) == {"cells", "lognormal"}
    shifts = {shift["shift"]: shift for shift in figures["shifts"]}
    assert {name.split()[0].rstrip(":") for name in shifts} == {"light", "focus", "sensor", "material"}
    assert shifts["material: polycrystalline"]["cusum"]["missed"] == 0
    assert figures["microseconds_a_frame"] < 100


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_each_defect_is_approved_once_and_the_curve_falls_as_the_gates_open(
    patchline: Command, tmp_path: Path
) -> None:
    svg, few = tmp_path / "curve.svg", ("--taught", 20, "--canaries", 3, "--most", 4)
    figures = patchline("bench", "poison", "--recipe", "plain", *few, "--figure", svg, "--json").json
    assert (figures["defects"], figures["good"]) == (4, 4)
    by_limits: dict[tuple[float, float], list[float]] = {}
    for point in figures["curve"]:
        by_limits.setdefault((point["loss"], point["usual"]), []).append(point["stopped"])
    for stopped in by_limits.values():
        assert stopped == sorted(stopped, reverse=True)
    limits = (figures["suspicious_multiple"], figures["canary_part_cost"], figures["usual_p"])
    (default,) = (
        point for point in figures["curve"] if (point["multiple"], point["loss"], point["usual"]) == limits
    )
    assert default["stopped"] == figures["stopped"]
    assert svg.read_text().count("<polyline") == 3


def test_an_approval_is_stopped_by_its_score_by_what_it_costs_or_by_a_gate_without_a_limit() -> None:
    harmless = Approval(multiple=0.9, as_high=0.2, loss=0.1, barred=False, gates=())
    assert not harmless.stopped(1.5, 0.2)
    assert harmless.stopped(0.8, 0.2)
    assert harmless.stopped(1.5, 0.05)
    assert harmless.stopped(1.5, 0.05, usual=0.2)
    assert not harmless.stopped(1.5, 0.05, 0.1, 0.1)
    assert harmless.stopped(1.5, 0.05, 0.1, 0.09)
    assert Approval(0.9, 0.2, 0.1, barred=True, gates=("canary-silent",)).stopped(1.5, 0.2)
