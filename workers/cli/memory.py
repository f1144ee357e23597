"""What a program and its processes hold in memory, for the benches."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import psutil


def held_mb(process: "psutil.Process") -> float:
    """Of the process and all its descendants, in MiB; pages that some of them share count once (PSS). Those
    that end meanwhile hold nothing. Blocks for milliseconds a process."""
    return sum((_pss(each) for each in (process, *_descendants(process))), 0.0) / 2**20


def _descendants(process: "psutil.Process") -> "list[psutil.Process]":
    import psutil

    try:
        return process.children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def _pss(process: "psutil.Process") -> int:
    import psutil

    try:
        return int(process.memory_full_info().pss)
    except psutil.NoSuchProcess:
        return 0
