"""A view with as many verdicts as are wished, and how long its lists and filters take."""

import asyncio
import sqlite3
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

from schemas.ids import sha256_hex
from schemas.reasons import VerdictKind
from schemas.verdict import Source, Verdict
from service.web.view import View
from service.web.view.verdicts import INSERT, Filter

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
LINES, CAMERAS = 10, 4
BATCH = 20_000
FLAGGED = (VerdictKind.DEFECT, VerdictKind.REVIEW)
# What the page's lists ask, and what each filter asks; one finds nothing, which is the dearest to prove.
ASKED: Mapping[str, Filter] = {
    "all lines": Filter(),
    "flagged, all lines": Filter(kinds=FLAGGED),
    "dropped, all lines, of which there are none": Filter(kinds=(VerdictKind.DROPPED,)),
    "one line": Filter("line-3"),
    "to answer": Filter("line-3", FLAGGED, answered=False),
    "answered": Filter("line-3", FLAGGED, answered=True),
    "camera": Filter("line-3", camera="cam-2"),
    "camera that there is none of": Filter("line-3", camera="cam-9"),
    "defects of a camera": Filter("line-3", (VerdictKind.DEFECT,), camera="cam-2"),
    "an hour": Filter("line-3", since=NOW - timedelta(hours=2), until=NOW - timedelta(hours=1)),
    "defects of an hour": Filter(
        "line-3", (VerdictKind.DEFECT,), since=NOW - timedelta(hours=2), until=NOW - timedelta(hours=1)
    ),
    "part id": Filter("line-3", part="P-12345"),
    "part id, all lines": Filter(part="P-77"),
}


def fill(path: Path, count: int) -> None:
    """Write so many verdicts into a view's file, by its own statement and under its own triggers."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA synchronous = OFF")
    for start in range(0, count, BATCH):
        with connection:
            connection.execute("BEGIN")
            connection.executemany(INSERT, _rows(start, min(start + BATCH, count)))
    connection.close()


def _rows(start: int, end: int) -> Iterator[tuple[str | int | None, ...]]:
    """One in a hundred is a defect, three are reviews; a frame every hundredth of a second."""
    body = _example().to_bytes().decode()
    for at in range(start, end):
        kind = "defect" if at % 100 == 0 else "review" if at % 100 < 4 else "ok"
        # Spread as real ones are.
        uid = str(UUID(int=(at * 0x9E3779B97F4A7C15F39CC0605CEDC835) % 2**128))
        line, moment = f"line-{at % LINES}", int(NOW.timestamp() * 1000) - at * 10
        yield (
            *(uid, line, f"f-{at}", kind, moment, at, at),
            body.replace(_UID, uid).replace("line-x", line),
            *(f"cam-{at % CAMERAS}", f"P-{at}"),
        )


_UID = str(UUID(int=7))


def _example() -> Verdict:
    return Verdict(
        frame_uid=UUID(int=7),
        line="line-x",
        frame_id="f-1",
        frame_sha256=sha256_hex(b""),
        verdict=VerdictKind.OK,
        score=0.5,
        p_value=0.5,
        threshold=1.0,
        review_threshold=0.8,
        model="default",
        bank_version=sha256_hex(b"bank"),
        epoch=1,
        width=640,
        height=480,
        frame_url="http://127.0.0.1:8080/v1/frames/line-x/uid",
        source=Source(partition=0, offset=1, timestamp_ms=0),
        inspected_at=NOW,
    )


async def seconds_of(view: View, repeats: int) -> dict[str, list[float]]:
    """How long each list takes, as the API asks for it."""
    taken: dict[str, list[float]] = {}
    for name, chosen in ASKED.items():
        for _ in range(repeats):
            began = time.perf_counter()
            await view.page(chosen, None, 50)
            taken.setdefault(name, []).append(time.perf_counter() - began)
    for _ in range(repeats):
        began = time.perf_counter()
        await view.lines()
        taken.setdefault("summaries of all lines", []).append(time.perf_counter() - began)
    return taken


async def measured(folder: Path, count: int, repeats: int) -> dict[str, list[float]]:
    """A view of so many verdicts, asked."""
    path = folder / "view.sqlite"
    view = View(path, count)
    try:
        await asyncio.to_thread(fill, path, count)
        return await seconds_of(view, repeats)
    finally:
        await view.close()
