"""What a program and its processes hold in memory, for the benches."""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import psutil


def held_mb(process: "psutil.Process") -> float:
    """Of the process and all its descendants, in MiB; pages that some of them share count once (PSS). Those
    that end meanwhile hold nothing. Blocks for milliseconds a process."""
    return sum((_pss(each) for each in (process, *_descendants(process))), 0.0) / 2**20


def own_mb(process: "psutil.Process") -> float:
    """As ``held_mb``, of what they have written alone (PSS of anonymous pages). A library's pages count for
    more or less as other programs of the machine come and go, which is no growth."""
    return sum((_written(each) for each in (process, *_descendants(process))), 0.0) / 2**10


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


def _written(process: "psutil.Process") -> int:
    """In KiB; see proc(5), smaps_rollup."""
    try:
        told = Path(f"/proc/{process.pid}/smaps_rollup").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return sum(int(line.split()[1]) for line in told.splitlines() if line.startswith("Pss_Anon:"))
