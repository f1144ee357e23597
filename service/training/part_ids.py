"""Which pictures show the same part: their names say so, or a table does."""

import csv
import io
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import PurePath

from service.training.part import GoodPart
from service.training.refusal import TrainingRefused

LONGEST_ID = 128
_VIEW = re.compile(r"(?P<part>.+)_view\d+", re.IGNORECASE)
_COLUMNS = ["file", "part_id"]


def part_id_of(name: str) -> str | None:
    """``PARTID`` of a file called ``PARTID_viewN.png``; None of any other, which is a part of its own."""
    named = _VIEW.fullmatch(PurePath(name).stem)
    return named["part"][:LONGEST_ID] if named else None


def read_table(text: str) -> dict[str, str]:
    """Part ids by file name, of CSV with columns ``file`` and ``part_id``. Raises ``TrainingRefused``."""
    rows = csv.DictReader(io.StringIO(text.removeprefix("\ufeff")))
    try:
        if not set(_COLUMNS) <= set(rows.fieldnames or ()):
            raise TrainingRefused("the table of parts has other columns: begin it with file,part_id")
        return dict(_row(row, rows.line_num) for row in rows)
    except csv.Error as error:
        raise TrainingRefused(f"the table of parts cannot be read ({error}): write it as CSV") from error


def _row(row: Mapping[str, str | None], line: int) -> tuple[str, str]:
    file, part = (row["file"] or "").strip(), (row["part_id"] or "").strip()
    if not file or not 0 < len(part) <= LONGEST_ID:
        raise TrainingRefused(
            f"line {line} of the table of parts lacks a file or an id of 1 to {LONGEST_ID} characters: "
            "complete it"
        )
    return file, part


def identified(parts: Sequence[GoodPart], table: Mapping[str, str] | None = None) -> list[GoodPart]:
    """The parts with their ids: those of the table, else those that their names give. Raises
    ``TrainingRefused`` for a file of the table that is not among them."""
    known = table or {}
    missing = sorted(set(known) - {part.name for part in parts})
    if missing:
        raise TrainingRefused(f"{missing[0]} stands in the table of parts and is no picture here: correct it")
    return [replace(part, part_id=known.get(part.name, part_id_of(part.name))) for part in parts]


def siblings_of(part_ids: Sequence[str | None]) -> dict[int, tuple[int, ...]]:
    """By the number of a picture, those of the other pictures of its part, for those that have others."""
    pictures: dict[str, list[int]] = defaultdict(list)
    for number, part_id in enumerate(part_ids):
        if part_id is not None:
            pictures[part_id].append(number)
    together = [numbers for numbers in pictures.values() if len(numbers) > 1]
    return {one: tuple(n for n in numbers if n != one) for numbers in together for one in numbers}
