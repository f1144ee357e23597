"""What a case measured, kept for the table of ``python -m tests.faults``."""

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True)
class Figure:
    """A row of the table. ``bound`` is what faults.md wants beaten; ``held`` says whether it was."""

    case: int
    law: str
    repetitions: int
    figure: str
    bound: str = ""
    held: bool = True


def tell(figure: Figure) -> None:
    """Write the row where FAULTS_RESULTS names a folder, and always where pytest shows it."""
    print(json.dumps(asdict(figure)))  # noqa: T201 - pytest shows it with -rP, and when the law falls
    folder = os.environ.get("FAULTS_RESULTS")
    if folder:
        Path(folder, f"{figure.case:02}-{figure.law}.json").write_text(json.dumps(asdict(figure)))
