"""A camera is read in a process of its own: what ends or stops that one is a fault of the camera."""

import signal
from pathlib import Path

import psutil
import pytest

from tests.camera.films import film, written
from workers.camera.address import source_address
from workers.camera.reading import ReadCamera
from workers.camera.source import SourceFault


def reader() -> psutil.Process:
    (found,) = [
        child for child in psutil.Process().children() if "workers.camera.reader" in " ".join(child.cmdline())
    ]
    return found


@pytest.mark.parametrize("ended_by", [signal.SIGSEGV, signal.SIGKILL])
def test_a_decoder_that_crashes_is_a_fault_of_the_camera_and_not_the_end_of_the_program(
    tmp_path: Path, ended_by: signal.Signals
) -> None:
    path = written(tmp_path, film(["red"], each=200))
    pictures = ReadCamera(source_address(str(path)), 5).pictures()
    next(pictures)
    reader().send_signal(ended_by)
    with pytest.raises(SourceFault, match=rf"film\.ts ended without a word \(code -{ended_by.value}\)"):
        list(pictures)


def test_a_decoder_that_hangs_is_a_fault_in_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workers.camera.reading._START_SECONDS", 0.5)
    path = written(tmp_path, film(["red"], each=200))
    pictures = ReadCamera(source_address(str(path)), 0.5).pictures()
    next(pictures)
    reader().suspend()
    with pytest.raises(SourceFault, match=r"film\.ts hangs \(nothing for 2 s\)"):
        list(pictures)


def test_the_reader_ends_with_the_iterator(tmp_path: Path) -> None:
    path = written(tmp_path, film(["red"], each=200))
    pictures = ReadCamera(source_address(str(path)), 5).pictures()
    next(pictures)
    process = reader()
    pictures.close()
    assert not process.is_running()
