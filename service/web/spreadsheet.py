"""CSV that a spreadsheet opens and does not compute."""

import csv
import io
from collections.abc import Iterable

# A spreadsheet takes what begins like this for a formula; what people and machines say must not be one.
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def csv_rows(rows: Iterable[Iterable[object]]) -> bytes:
    """The rows as CSV (RFC 4180); None is an empty cell."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows([_cell(value) for value in row] for row in rows)
    return text.getvalue().encode()


def _cell(value: object) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        return str(value)
    return f"'{value}" if value.startswith(FORMULA) else value
