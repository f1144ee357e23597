from pathlib import Path

import pytest

from tests.docs.library import shown


@pytest.mark.slow
def test_what_the_page_shows_runs_and_finds_the_defects(tmp_path: Path) -> None:
    names = shown(tmp_path / "maps.png")
    assert names["verdicts"].tolist() == [1, -1, -1, -1]
    assert (tmp_path / "maps.png").read_bytes().startswith(b"\x89PNG")
