import os
from pathlib import Path

import cv2
import numpy as np
import pytest

from service.training.folder import read_images, read_parts
from service.training.refusal import TrainingRefused
from tests.parts import draw_part, encode_jpeg
from tests.training.parts import drawn, write


def five(**more: bytes) -> dict[str, bytes]:
    return {f"{seed}.png": drawn(seed) for seed in range(5)} | more


def refusal(folder: Path) -> str:
    with pytest.raises(TrainingRefused) as refused:
        read_parts(folder)
    return str(refused.value)


def test_parts_come_by_name_whatever_their_extension(tmp_path: Path) -> None:
    files = {"b": drawn(0), "a.png": drawn(1), "d.JPG": encode_jpeg(draw_part(2)), "c.txt": drawn(3)}
    parts = read_parts(write(tmp_path, files | {"e.jpeg": drawn(4)}))
    assert [part.name for part in parts] == ["a.png", "b", "c.txt", "d.JPG", "e.jpeg"]


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    assert refusal(tmp_path / "gone") == f"{tmp_path}/gone is no folder: name one with photos of good parts"


def test_a_folder_without_images_says_what_to_put_into_it(tmp_path: Path) -> None:
    sentence = refusal(write(tmp_path, {"notes.txt": b"two shifts"}))
    assert sentence == f"{tmp_path} has no images: put JPEG, PNG, BMP, TIFF or WebP photos into it"


def test_fewer_than_five_parts_are_refused_doubles_not_counted(tmp_path: Path) -> None:
    files = {f"{seed}.png": drawn(seed) for seed in range(4)} | {"copy.png": drawn(0)}
    assert "4 good parts cannot make a bank: take at least 5 photos" in refusal(write(tmp_path, files))


def test_a_broken_image_is_named_with_its_reason_and_remedy(tmp_path: Path) -> None:
    write(tmp_path, five() | {"torn.png": drawn(9)[:-200]})
    assert refusal(tmp_path) == (
        "torn.png is no readable image (The image ends before its end-of-image mark): "
        "remove it or save it again"
    )


def test_a_file_that_is_called_an_image_and_is_none_is_refused(tmp_path: Path) -> None:
    assert refusal(write(tmp_path, five() | {"scan.jpg": b"%PDF-1.7"})).startswith("scan.jpg is no readable")


def test_what_is_no_image_is_passed_over_with_a_note(tmp_path: Path) -> None:
    notes: list[str] = []
    others = {"._0.png": b"\0\5\26\7", "Thumbs.db": b"\xd0\xcf", "notes.txt": b"hi", "z.csv": b"1"}
    (tmp_path / "raw").mkdir()
    assert len(read_parts(write(tmp_path, five() | others), notes.append)) == 5
    assert notes == ["._0.png, Thumbs.db, notes.txt and 1 more passed over: no images"]


def test_a_picture_that_lies_there_twice_is_taken_once_with_a_note(tmp_path: Path) -> None:
    notes: list[str] = []
    parts = read_parts(write(tmp_path, five() | {"copy.png": drawn(3)}), notes.append)
    assert len(parts) == 5
    assert notes == ["copy.png is the same picture as 3.png: taken once"] or notes == [
        "3.png is the same picture as copy.png: taken once"
    ]


def test_grey_among_colour_is_refused_by_name(tmp_path: Path) -> None:
    write(tmp_path, five() | {"night.png": drawn(9, colour=False)})
    assert refusal(tmp_path) == (
        f"{tmp_path}: night.png is grey where the other parts are colour: "
        "take all photos in colour or all in grey"
    )


def test_mixed_depths_are_refused_by_name(tmp_path: Path) -> None:
    grey = {f"{seed}.png": drawn(seed, colour=False) for seed in range(5)}
    deep = draw_part(9, colour=False).astype(np.uint16) * 256
    write(tmp_path, grey | {"deep.png": bytes(cv2.imencode(".png", deep)[1])})
    assert "deep.png is 16 bits deep where the other parts are 8 bits deep" in refusal(tmp_path)


def test_mixed_sizes_are_taken_with_a_note(tmp_path: Path) -> None:
    notes: list[str] = []
    parts = read_parts(write(tmp_path, five() | {"large.png": drawn(9, side=200)}), notes.append)
    assert len(parts) == 6
    assert notes[0].startswith("the pictures have 2 sizes, from 160 x 160 to 200 x 200")


def test_every_image_of_a_folder_is_read_for_other_uses(tmp_path: Path) -> None:
    write(tmp_path, {"a.png": drawn(0), "b.png": drawn(0)})
    assert [part.name for part in read_images(tmp_path)] == ["a.png", "b.png"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_a_file_without_permission_is_named(tmp_path: Path) -> None:
    write(tmp_path, five())
    (tmp_path / "3.png").chmod(0)
    assert "3.png cannot be read (Permission denied)" in refusal(tmp_path)
