"""Where pictures come from: checked, and told without secrets."""

from pathlib import Path

import pytest

from workers.camera.address import SourceKind, source_address


@pytest.mark.parametrize(
    ("text", "user", "target", "told"),
    [
        ("rtsp://cam/main", None, "rtsp://cam/main", "rtsp://cam/main"),
        ("rtsp://cam:554/a?k=v", "me", "rtsp://me:p%40w@cam:554/a?k=v", "rtsp://cam:554/a"),
        ("rtsp://me@cam/a", None, "rtsp://me:p%40w@cam/a", "rtsp://cam/a"),
        ("https://cam/a.ts", "me", "https://me:p%40w@cam/a.ts", "https://cam/a.ts"),
    ],
)
def test_a_stream_is_opened_with_its_user_and_told_without(
    text: str, user: str | None, target: str, told: str
) -> None:
    address = source_address(text, user, "p@w")
    assert (address.kind, address.told) == (SourceKind.STREAM, told)
    assert address.target == target
    assert "p%40w" not in repr(address)


def test_a_password_in_an_address_is_refused_and_not_repeated() -> None:
    with pytest.raises(ValueError, match="--password-file") as caught:
        source_address("rtsp://me:hunter2@cam/main")
    assert "hunter2" not in str(caught.value)


def test_videos_folders_and_usb_cameras_are_told_apart(tmp_path: Path) -> None:
    video = tmp_path / "a b.mp4"
    video.touch()
    assert source_address(str(tmp_path)).kind is SourceKind.FOLDER
    assert source_address(str(video)).kind is SourceKind.VIDEO
    assert source_address(video.as_uri()).target == str(video)
    assert source_address("usb:2").target == "2"


@pytest.mark.parametrize("text", ["usb:front", "/nowhere", "ftp://cam/a", "rtsp:///a", ""])
def test_what_is_no_source_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"write|name"):
        source_address(text)
