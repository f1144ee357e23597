from pathlib import Path

import pytest

from schemas.ids import is_frame_id
from workers.camera.naming import frame_id_of, keeps_name


def test_a_name_that_is_a_frame_id_is_the_frame_id() -> None:
    assert frame_id_of(Path("/somewhere/part-007.png")) == "part-007.png"


@pytest.mark.parametrize("name", ["Foto 1.jpg", "Prüfling.png", "x" * 129, "a/b.png".replace("/", "\n")])
def test_any_other_name_gives_an_id_that_is_its_own_and_always_the_same(name: str) -> None:
    path = Path(name)
    assert not keeps_name(path)
    assert is_frame_id(frame_id_of(path))
    assert frame_id_of(path) == frame_id_of(Path("elsewhere") / name)
    assert frame_id_of(path) != frame_id_of(Path(name + "x"))


@pytest.mark.parametrize("name", ["part.png", "Foto 1.jpg", "y" * 127])
def test_rounds_over_a_folder_give_different_ids(name: str) -> None:
    ids = [frame_id_of(Path(name), number) for number in range(1, 12)]
    assert len(set(ids)) == len(ids)
    assert all(is_frame_id(each) for each in ids)
