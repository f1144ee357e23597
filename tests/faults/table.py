"""The table of the fault suite: docs/faults.json is the record, docs/faults.md is made from it."""

import json
from pathlib import Path
from typing import Any

from tests.faults.catalogue import CASES, Case

DOCS = Path(__file__).parent.parent.parent / "docs"
Row = dict[str, Any]
HEAD = (
    "# The fault suite\n\n"
    "The twenty-five cases of faults and load, on real processes: Apache Kafka (one broker, in case 5 "
    "three), Valkey, a folder as object store, inspectors and rebuilders as `patchline run` starts them. "
    'After each case `patchline ledger check` is the judge ("clean"), and every verdict is compared with '
    "the one that "
    "the picture deserves. `make faults` makes this page and `docs/faults.json`; `make faults CASE=1` runs "
    "one case and leaves the other rows as they were. Short forms of cases 1-4, 8-11 and 14-17 are in "
    '`make verify`.\n\n"holds": every law of the case held, and its figure too where one is to be beaten. '
    '"figure missed": the laws held, the figure did not. "partly": what was run held; the last column says '
    'what was not. "falls": a law does not hold. The session timeout is 6 s. "Load" is how many processes '
    "wanted how many cores at the end: figures of a busy machine are worse than those of a quiet one.\n\n"
    "| # | case | repetitions | figure | verdict | date | command | load | not shown |\n"
    "|---|---|---|---|---|---|---|---|---|\n"
)


def read_rows() -> dict[int, Row]:
    """The rows of earlier runs."""
    path = DOCS / "faults.json"
    return {row["case"]: row for row in json.loads(path.read_text())} if path.exists() else {}


def write_table(rows: dict[int, Row]) -> None:
    """Both files; a case without a row stands there as not run."""
    every = [rows.get(case.number) or not_run(case) for case in CASES]
    for row, case in zip(every, CASES, strict=True):
        row["title"], row["not_shown"] = case.title, case.open
    (DOCS / "faults.json").write_text(json.dumps(every, indent=1, ensure_ascii=False) + "\n")
    (DOCS / "faults.md").write_text(HEAD + "".join(map(_line, every)))


def not_run(case: Case) -> Row:
    """The row of a case that nothing was run of."""
    return {"case": case.number, "verdict": "not run", "figures": []}


def _line(row: Row) -> str:
    figures = "; ".join(_told(figure) for figure in row["figures"]) or "-"
    repetitions = ", ".join(str(figure["repetitions"]) for figure in row["figures"]) or "-"
    rest = [row.get("date", "-"), f"`{row['command']}`" if "command" in row else "-", row.get("load", "-")]
    cells = [str(row["case"]), row["title"], repetitions, figures, row["verdict"], *rest, row["not_shown"]]
    return "| " + " | ".join(cell.replace("|", "/") or "-" for cell in cells) + " |\n"


def _told(figure: dict[str, Any]) -> str:
    bound = f" (to beat: {figure['bound']})" if figure.get("bound") else ""
    return f"{figure['figure']}{bound}"
