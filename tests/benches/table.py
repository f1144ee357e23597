"""docs/performance.json is the record; the table in docs/performance.md is made from it."""

import json
from pathlib import Path
from typing import Any

from tests.benches.catalogue import BENCHES, Bench

DOCS = Path(__file__).parent.parent.parent / "docs"
BEGIN, END = "<!-- measured by make bench -->\n", "<!-- end -->\n"
Row = dict[str, Any]
_HEAD = "| what | figure | to reach | date | load | command |\n|---|---|---|---|---|---|\n"


def read_rows(folder: Path = DOCS) -> dict[str, Row]:
    """What was measured so far, by bench."""
    path = folder / "performance.json"
    rows: dict[str, Row] = json.loads(path.read_text()) if path.exists() else {}
    return rows


def write_table(rows: dict[str, Row], folder: Path = DOCS) -> None:
    """Both files: what stands outside the marks of the page is left as it is."""
    (folder / "performance.json").write_text(json.dumps(rows, indent=1, ensure_ascii=False) + "\n")
    page = folder / "performance.md"
    before, rest = page.read_text().split(BEGIN)
    after = rest.split(END)[1]
    table = _HEAD + "".join(_line(bench, rows.get(bench.name)) for bench in BENCHES)
    page.write_text(before + BEGIN + table + END + after)


def _line(bench: Bench, row: Row | None) -> str:
    if row is None:
        cells = [bench.what, "not measured", bench.reach, "-", "-", f"`{bench.command}`"]
    else:
        figure = row["left_out"] if "left_out" in row else bench.told(row["figures"])
        cells = [bench.what, figure, bench.reach, row["date"], row["load"], f"`{bench.command}`"]
    return "| " + " | ".join(cell.replace("|", "/") or "-" for cell in cells) + " |\n"
