"""A disk that can be filled to its last byte: a file system in memory, of a size of its own."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

BALLAST = "ballast"


def require_small_disk() -> None:
    """Skip the test where file systems may not be mounted."""
    if os.geteuid() != 0:
        pytest.skip("only root may mount a file system of a size of its own")


@contextmanager
def small_disk(folder: Path, size: int) -> Iterator[Path]:
    """The folder as a file system of so many bytes, gone at the end with all that lies in it."""
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)], capture_output=True, text=True
    )
    if mounted.returncode != 0:
        pytest.skip(f"a file system cannot be mounted here: {mounted.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(disk: Path) -> None:
    """Leave no byte."""
    piece = bytes(4096)
    with (disk / BALLAST).open("ab", buffering=0) as file:
        try:
            while file.write(piece):
                pass
        except OSError:
            return


def free(disk: Path) -> None:
    """Take away what ``fill`` put there."""
    (disk / BALLAST).unlink()
