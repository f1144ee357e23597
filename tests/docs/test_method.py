"""What docs/method.md says under its pictures is what they show."""

from pathlib import Path

import pytest

from tests.docs.method import RATE, draw_all


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_pictures_show_what_the_page_says(tmp_path: Path) -> None:
    shown = draw_all(tmp_path)
    scores, threshold = shown["scores"], -shown["model"].offset_
    assert all((scores[kind] > threshold).all() for kind in ("scratch", "spot", "missing-hole"))
    assert (scores["unseen good parts"] > threshold).mean() <= 3 * RATE
    trays = shown["trays"]
    assert trays["a scratch on the left part"] <= RATE < min(trays["good"], trays["the two parts exchanged"])
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in tmp_path.iterdir())
    assert len(list(tmp_path.iterdir())) == 3
