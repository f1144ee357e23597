import builtins
from typing import Any

import numpy as np
import pytest

from service.report import figures

LABELS, SCORES = np.array([True, False, True, False]), np.array([4.0, 1.0, 2.0, 3.0])


def test_equal_inputs_give_equal_bytes() -> None:
    assert figures.roc(LABELS, SCORES, 0.75) == figures.roc(LABELS, SCORES, 0.75)


def test_a_chart_is_svg_alone_and_its_caption_has_the_figure() -> None:
    drawn = figures.roc(LABELS, SCORES, 0.75)
    assert drawn.svg.startswith("<svg")
    assert "0.750" in drawn.caption


def test_thresholds_that_nothing_can_pass_are_not_drawn() -> None:
    series = {"good": (np.array([1.0, np.inf]), figures.GOOD)}
    drawn = figures.histogram(series, {"defect above": np.inf, "review above": 2.0}, "scores")
    assert "review above 2" in drawn.svg
    assert "defect above" not in drawn.svg


def test_without_the_library_the_sentence_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def missing(name: str, *rest: Any, **named: Any) -> Any:
        if name.startswith("matplotlib"):
            raise ImportError(name)
        return real(name, *rest, **named)

    monkeypatch.setattr(builtins, "__import__", missing)
    with pytest.raises(figures.FiguresMissing, match=r"patchline\[report\]"):
        figures.stacked(["a"], {"ok": ([1], figures.GOOD)}, "frames")
