"""Reports as rows of a file: on the disk before they count as told, rotated by size."""

import asyncio
import csv
import errno
import io
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from schemas.report import Report
from service.sinks.base import SinkUnavailable
from service.sinks.config import CsvConfig

COLUMNS = (
    "report_id",
    "kind",
    "good",
    "line",
    "part_id",
    "frame_id",
    "camera",
    "captured_at",
    "verdict",
    "reason",
    "late",
    "score",
    "threshold",
    "model",
    "replay_of",
    "inspected_at",
)
# A spreadsheet takes a cell that begins so for a formula, and part ids come from outside.
_FORMULA = ("=", "+", "-", "@")


class CsvSink:
    """A sink of the port. Accepted is what is on the disk. One process writes a path."""

    def __init__(self, config: CsvConfig) -> None:
        self._config = config
        self._file: BinaryIO | None = None
        self._writing = asyncio.Lock()

    async def open(self) -> None:
        """See the port. A row that a power cut left unfinished is cut off: its report comes again."""
        self._file = await asyncio.to_thread(_opened, self._config.path)

    async def deliver(self, report: Report) -> None:
        """See the port."""
        async with self._writing:
            try:
                await asyncio.to_thread(self._write, row_of(report))
            except OSError as error:
                raise SinkUnavailable(
                    f"{self._config.path} cannot be written ({error.strerror}): make room or mend its folder"
                ) from error

    async def close(self) -> None:
        """See the port."""
        if self._file is not None:
            await asyncio.to_thread(self._file.close)
            self._file = None

    def _write(self, row: bytes) -> None:
        file = self._file or _opened(self._config.path)
        self._file = file
        if file.tell() and file.tell() + len(row) > self._config.max_bytes:
            file.close()
            self._file = None
            _rotate(self._config.path, self._config.keep)
            self._file = file = _opened(self._config.path)
        begin = file.tell()
        row = row if begin else _HEAD + row
        try:
            if file.write(row) != len(row):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            os.fsync(file.fileno())
        except OSError:
            # What was written of it would stand before the next try as half a row.
            os.ftruncate(file.fileno(), begin)
            file.seek(begin)
            raise


def row_of(report: Report) -> bytes:
    """The report's row, with its line end."""
    values = report.model_dump(mode="json")
    return _line([_cell(values.get(name)) for name in COLUMNS])


def rotated(path: Path) -> Iterator[Path]:
    """The older files of a path, oldest first."""
    yield from sorted(path.parent.glob(f"{path.stem}-*{path.suffix}"))


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    # Without control characters a row has one line end, at its end: half a row can be told from a whole one.
    text = "".join(char if char.isprintable() else " " for char in str(value))
    return f"'{text}" if isinstance(value, str) and text.startswith(_FORMULA) else text


def _line(cells: list[str]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(cells)
    return text.getvalue().encode()


_HEAD = _line(list(COLUMNS))


def _opened(path: Path) -> BinaryIO:
    path.parent.mkdir(parents=True, exist_ok=True)
    # No buffer: a failed write leaves nothing behind that a later one would write after all.
    file = os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o640), "r+b", buffering=0)
    whole = _whole(file)
    file.truncate(whole)
    file.seek(whole)
    return file


def _whole(file: BinaryIO) -> int:
    """The bytes up to the last line end: the longest cell is far below what is read here."""
    size = file.seek(0, os.SEEK_END)
    begin = max(0, size - 64 * 1024)
    file.seek(begin)
    end = file.read().rfind(b"\n")
    return begin + end + 1 if end >= 0 else 0


def _rotate(path: Path, keep: int) -> None:
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S.%fZ")
    path.replace(path.with_name(f"{path.stem}-{stamp}{path.suffix}"))
    older = list(rotated(path))
    for old in older[: max(0, len(older) - keep)]:
        old.unlink()
