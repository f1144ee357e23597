"""``python -m tests.faults [CASE ...]``: run the cases in their long form and write docs/faults.md."""

import argparse
import json
import os
import sys
import tempfile
from collections import defaultdict
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.faults.catalogue import CASES, Case
from tests.faults.table import Row, read_rows, write_table


class Outcomes:
    """A pytest plugin: what became of each test."""

    def __init__(self) -> None:
        self.by_test: dict[str, str] = {}
        self.seconds: dict[str, float] = defaultdict(float)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Called by pytest."""
        self.seconds[report.nodeid] += report.duration
        if report.when == "call" or report.outcome != "passed":
            self.by_test[report.nodeid] = report.outcome

    def of(self, case: Case) -> set[str]:
        """The outcomes of a case's laws."""
        return {
            outcome
            for law in case.laws
            for test, outcome in self.by_test.items()
            if test.split("[")[0] == law or test.startswith(f"{law}::")
        }


def main(arguments: list[str]) -> int:
    """0 when every law that ran held."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("cases", nargs="*", type=int, metavar="CASE", help="one to twenty-five; all without")
    parser.add_argument("--times", type=int, default=0, help="repetitions, instead of each case's own")
    parser.add_argument("--short", action="store_true", help="the short forms, as make verify runs them")
    asked = parser.parse_args(arguments)
    chosen = [case for case in CASES if not asked.cases or case.number in asked.cases]
    if unknown := set(asked.cases) - {case.number for case in CASES}:
        parser.error(f"there is no case {min(unknown)}: cases are numbered from 1 to {len(CASES)}")
    os.environ["FAULTS_FORM"] = "short" if asked.short else "long"
    os.environ["FAULTS_TIMES"] = str(asked.times)
    return _run(chosen, "make faults" + "".join(_words(asked)))


def _words(asked: argparse.Namespace) -> list[str]:
    cases = [f' CASE="{" ".join(map(str, asked.cases))}"'] if asked.cases else []
    return cases + [f" TIMES={asked.times}"] * bool(asked.times) + [" SHORT=1"] * asked.short


def _run(chosen: list[Case], command: str) -> int:
    outcomes, began = Outcomes(), datetime.now(UTC)
    laws = list(dict.fromkeys(law for case in chosen for law in case.laws))
    with tempfile.TemporaryDirectory(prefix="patchline-faults-") as folder:
        os.environ["FAULTS_RESULTS"] = folder
        options = ["-p", "no:randomly", "-p", "no:cacheprovider", "-v", "--tb=short"]
        status = int(pytest.main([*options, *laws], plugins=[outcomes])) if laws else 0
        figures = [json.loads(path.read_text()) for path in sorted(Path(folder).glob("*.json"))]
    rows = read_rows()
    for case in chosen:
        own = [figure for figure in figures if figure["case"] == case.number]
        rows[case.number] = _row(case, outcomes.of(case), own, command, began)
    write_table(rows)
    for case in chosen:
        sys.stdout.write(f"case {case.number}: {rows[case.number]['verdict']}\n")
    return status


def _row(
    case: Case, outcomes: set[str], figures: list[dict[str, object]], command: str, began: datetime
) -> Row:
    load = f"{os.getloadavg()[2]:.0f} of {os.cpu_count()}"
    figures = figures or [{"repetitions": 1, "figure": "the named tests passed"}] * (outcomes == {"passed"})
    return {
        "case": case.number,
        "figures": figures,
        "verdict": verdict_of(case, outcomes, held=all(figure.get("held", True) for figure in figures)),
        "date": f"{began:%Y-%m-%d}",
        "command": command,
        "load": load,
    }


def verdict_of(case: Case, outcomes: set[str], *, held: bool) -> str:
    """What is said of a case whose laws had these outcomes, and whose figures held or not."""
    if not outcomes or outcomes == {"skipped"}:
        return "not run"
    if "failed" in outcomes:
        return "falls"
    if not held:
        return "figure missed"
    return "partly" if case.open or "skipped" in outcomes else "holds"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
