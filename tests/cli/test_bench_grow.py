"""``patchline bench grow``: its keys, and its picture."""

from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.cli.conftest import Command
from workers.cli.growing import Round
from workers.cli.growth_figure import draw_rounds


def test_the_picture_has_a_line_for_each_way_in_each_chart() -> None:
    rounds = [Round(200 + 20 * n, 0.1, 2.0 + n, 5000, 5000, 0.95, 0.95 + n / 1000) for n in range(4)]
    drawn = ElementTree.fromstring(draw_rounds(rounds))  # noqa: S314 - our own text
    lines = drawn.findall("{http://www.w3.org/2000/svg}polyline")
    assert len(lines) == 4
    assert all(len(line.attrib["points"].split()) == 4 for line in lines)
    assert draw_rounds(rounds[:1])


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_growth_is_measured_beside_a_rebuild(patchline: Command, tmp_path: Path) -> None:
    sizes = ("--parts", 30, "--added", 5, "--seeds", 1, "--rounds", 2, "--judged", 20)
    told = patchline(
        "bench", "grow", "--recipe", "fast", *sizes, "--figure", tmp_path / "g.svg", "--json"
    ).json
    assert {
        "grow_seconds",
        "rebuild_seconds",
        "speedup",
        "image_auroc_grown",
        "image_auroc_rebuilt",
    } <= told.keys()
    assert [each["parts"] for each in told["rounds"]] == [35, 40]
    assert told["image_auroc_grown"] > 0.8
    assert (tmp_path / "g.svg").read_text().startswith("<svg")
