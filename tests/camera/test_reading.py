"""A camera is read in a process of its own: what ends or stops that one is a fault of the camera."""

import signal
from collections.abc import Generator
from pathlib import Path

import psutil
import pytest

from tests.camera.films import film, written
from workers.camera.address import source_address
from workers.camera.reading import ReadCamera
from workers.camera.source import Captured, SourceFault


def begun(path: Path, seconds: float) -> tuple[Generator[Captured, None, None], psutil.Process]:
    """The pictures of a video of which one was taken, and the process that reads it."""
    others = set(psutil.Process().children())
    pictures = ReadCamera(source_address(str(path)), seconds).pictures()
    next(pictures)
    (reader,) = set(psutil.Process().children()) - others
    return pictures, reader


@pytest.mark.parametrize("ended_by", [signal.SIGSEGV, signal.SIGKILL])
def test_a_decoder_that_crashes_is_a_fault_of_the_camera_and_not_the_end_of_the_program(
    tmp_path: Path, ended_by: signal.Signals
) -> None:
    path = written(tmp_path, film(["red"], each=200))
    pictures, reader = begun(path, 5)
    reader.send_signal(ended_by)
    with pytest.raises(SourceFault, match=rf"film\.ts ended without a word \(code -{ended_by.value}\)"):
        list(pictures)


def test_a_decoder_that_hangs_is_a_fault_in_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workers.camera.reading._START_SECONDS", 0.5)
    path = written(tmp_path, film(["red"], each=200))
    pictures, reader = begun(path, 0.5)
    reader.suspend()
    with pytest.raises(SourceFault, match=r"film\.ts hangs \(nothing for 2 s\)"):
        list(pictures)


def test_the_reader_ends_with_the_iterator(tmp_path: Path) -> None:
    path = written(tmp_path, film(["red"], each=200))
    pictures, reader = begun(path, 5)
    pictures.close()
    assert not reader.is_running()
