import os
from pathlib import Path

import pytest

from workers.camera.folder import WatchedFolder


def write(path: Path, data: bytes, moment: int = 1_000) -> None:
    path.write_bytes(data)
    os.utime(path, ns=(moment, moment))


def names(watched: WatchedFolder) -> list[str]:
    return [sighting.path.name for sighting in watched.look()]


def test_pictures_come_once_and_in_the_order_of_their_names(tmp_path: Path) -> None:
    for name in ("b.png", "a.jpg", "c.TIF"):
        write(tmp_path / name, b"picture")
    watched = WatchedFolder(tmp_path)
    assert [names(watched) for _ in range(3)] == [[], ["a.jpg", "b.png", "c.TIF"], []]


def test_a_picture_that_is_still_written_waits_until_it_stands_still(tmp_path: Path) -> None:
    watched = WatchedFolder(tmp_path)
    seen = []
    for length in (1, 2, 3, 3, 3):
        write(tmp_path / "a.png", b"x" * length, moment=1_000 + length)
        seen.append([(s.path.name, s.size) for s in watched.look()])
    assert seen == [[], [], [], [("a.png", 3)], []]


def test_an_empty_file_is_not_yet_a_picture(tmp_path: Path) -> None:
    write(tmp_path / "a.png", b"")
    watched = WatchedFolder(tmp_path)
    assert [names(watched), names(watched)] == [[], []]


def test_other_files_are_left_alone(tmp_path: Path) -> None:
    for name in ("Thumbs.db", "a.png.part", ".hidden.png", "notes.txt"):
        write(tmp_path / name, b"x")
    (tmp_path / "folder.png").mkdir()
    watched = WatchedFolder(tmp_path)
    assert [names(watched), names(watched)] == [[], []]


def test_a_file_that_is_written_again_is_a_new_picture(tmp_path: Path) -> None:
    write(tmp_path / "latest.jpg", b"one", moment=1)
    watched = WatchedFolder(tmp_path)
    names(watched)
    assert names(watched) == ["latest.jpg"]
    write(tmp_path / "latest.jpg", b"two", moment=2)
    assert [names(watched), names(watched), names(watched)] == [[], ["latest.jpg"], []]


def test_what_is_present_can_be_left_out(tmp_path: Path) -> None:
    write(tmp_path / "old.png", b"x")
    watched = WatchedFolder(tmp_path, skip_present=True)
    write(tmp_path / "new.png", b"x")
    assert [names(watched), names(watched)] == [[], ["new.png"]]


def test_a_folder_that_is_none_is_refused_in_a_sentence(tmp_path: Path) -> None:
    write(tmp_path / "a.png", b"x")
    with pytest.raises(ValueError, match=r"a\.png is no folder: name one"):
        WatchedFolder(tmp_path / "a.png")
    with pytest.raises(ValueError, match="does not exist: name a folder"):
        WatchedFolder(tmp_path / "none")
