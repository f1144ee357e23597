"""Reports made and written by commands."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from service.evaluation.categories import Category
    from service.evaluation.measure import Witness
    from service.evaluation.result import Evaluation
    from service.inspection.line_model import LineModel
    from service.report.document import Report
    from service.report.evidence import Evidence


def check_report(path: Path) -> None:
    """Raises ``Refused`` before the work begins where its report could not be written."""
    from importlib.util import find_spec

    from workers.cli.failures import Refused

    if find_spec("matplotlib") is None:
        raise Refused("matplotlib draws a report's figures: install it with pip install 'patchline[report]'")
    if not path.parent.is_dir() or path.is_dir():
        raise Refused(f"the report {path} cannot be written: name a file in a folder that exists")


def write_report(path: Path, make: "Callable[[datetime], Report]") -> None:
    """The whole file or none. Raises ``Refused`` where the disk does not take it."""
    from service.report.page import page_of
    from service.store.whole_file import whole_file
    from workers.cli.failures import Refused
    from workers.cli.screen import note

    page = page_of(make(datetime.now().astimezone()))
    try:
        with whole_file(path) as file:
            file.write(page.encode())
    except OSError as error:
        raise Refused(f"the report {path} cannot be written ({error.strerror}): free the disk") from error
    note(f"the report is {path}: one file, {len(page.encode()) / 2**20:.1f} MB")


def witness_of(evidence: "dict[str, Evidence]") -> "Witness":
    """One that keeps in ``evidence`` what it is shown, by the category's name."""
    from service.report.evidence import evidence_of

    def witness(category: "Category", model: "LineModel", scores: "NDArray[np.float64]") -> None:
        evidence[category.name] = evidence_of(category, model, scores)

    return witness


def evaluation_report(evaluation: "Evaluation", evidence: "dict[str, Evidence]", made: datetime) -> "Report":
    """See ``report_of``."""
    from service.report.of_evaluation import report_of

    return report_of(evaluation, evidence, made)
