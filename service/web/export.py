"""Verdicts as files: CSV for spreadsheets, JSON lines for programs; page by page, so memory is bounded."""

import csv
import io
from collections.abc import AsyncIterator, Iterable

from service.web.shapes import VerdictItem
from service.web.view import View
from service.web.view.verdicts import Cursor, Filter

ROWS = 500
COLUMNS = (
    *("inspected_at", "line", "frame_id", "frame_uid", "part_id", "camera", "captured_at", "verdict"),
    *(
        "reason",
        "score",
        "threshold",
        "review_threshold",
        "p_value",
        "model",
        "bank_version",
        "epoch",
        "late",
    ),
    *("answer", "answered_by", "answered_at", "answer_why"),
)
# A spreadsheet computes what begins like this; a camera's words must not.
FORMULA = ("=", "+", "-", "@", "\t", "\r")


async def as_csv(view: View, chosen: Filter) -> AsyncIterator[bytes]:
    """The verdicts that are meant, newest first, under a row of names."""
    yield _rows([COLUMNS])
    async for items in _pages(view, chosen):
        yield _rows(_cells(item) for item in items)


async def as_json_lines(view: View, chosen: Filter) -> AsyncIterator[bytes]:
    """The verdicts that are meant, newest first, one JSON object a line, as /v1/verdicts has them."""
    async for items in _pages(view, chosen):
        yield b"".join(item.model_dump_json(exclude_none=True).encode() + b"\n" for item in items)


async def _pages(view: View, chosen: Filter) -> AsyncIterator[tuple[VerdictItem, ...]]:
    cursor: Cursor | None = None
    while True:
        page = await view.page(chosen, cursor, ROWS)
        if page.verdicts:
            yield page.verdicts
        if page.next_cursor is None:
            return
        cursor = Cursor.parse(page.next_cursor)


def _cells(item: VerdictItem) -> list[str]:
    answer = item.answer if item.answer and item.answer.standing else None
    said = {
        "answer": answer and answer.kind,
        "answered_by": answer and answer.actor,
        "answered_at": answer and answer.at.isoformat(),
        "answer_why": answer and answer.why,
    }
    values = {**item.model_dump(mode="json", include=set(COLUMNS) - said.keys()), **said}
    return [_cell(values.get(name)) for name in COLUMNS]


def _cell(value: object) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        return str(value)
    return f"'{value}" if value.startswith(FORMULA) else value


def _rows(rows: Iterable[Iterable[str]]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows(rows)
    return text.getvalue().encode()
