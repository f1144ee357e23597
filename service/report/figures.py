"""The charts of a report, drawn by matplotlib as SVG."""

import io
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from service.report.document import Figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes

GOOD, DEFECT, REVIEW, OTHER = "#2f7d5b", "#b3261e", "#c77700", "#5a6675"
_BINS = 40
_SIZE = (5.2, 3.4)
# Equal inputs give equal bytes: without a salt the ids of clip paths are random.
_STYLE: dict[Any, Any] = {
    "svg.hashsalt": "patchline",
    "svg.fonttype": "none",
    "font.size": 9,
    "axes.axisbelow": True,
}


class FiguresMissing(Exception):
    """matplotlib is not installed; the sentence names what to install."""


def roc(labels: NDArray[np.bool_], scores: NDArray[np.floating], area: float) -> Figure:
    """The receiver operating characteristic of scores [N], defects being true. Raises ``FiguresMissing``."""
    order = np.argsort(-np.asarray(scores, dtype=np.float64), kind="stable")
    truth = np.asarray(labels, dtype=np.bool_)[order]
    found = np.append(0, np.cumsum(truth)) / max(1, int(truth.sum()))
    alarms = np.append(0, np.cumsum(~truth)) / max(1, int((~truth).sum()))

    def draw(axes: "Axes") -> None:
        axes.plot([0, 1], [0, 1], color="#b6bfc9", linewidth=1, linestyle="--")
        axes.step(alarms, found, where="post", color=GOOD, linewidth=2)
        axes.set(xlabel="false-alarm rate", ylabel="recall", xlim=(-0.01, 1.01), ylim=(-0.01, 1.01))

    return Figure(_drawn(draw), f"ROC curve; the area under it is {area:.3f}")


def histogram(
    series: Mapping[str, tuple[NDArray[np.floating], str]], marks: Mapping[str, float], caption: str
) -> Figure:
    """Scores of each kind, by name and colour, and vertical lines at ``marks``. Raises ``FiguresMissing``."""
    every = np.concatenate([np.asarray(scores, dtype=np.float64) for scores, _ in series.values()])
    shown = [*every[np.isfinite(every)], *(mark for mark in marks.values() if np.isfinite(mark))]
    edges = np.linspace(min(shown, default=0.0), max(shown, default=1.0) + 1e-9, _BINS + 1)

    def draw(axes: "Axes") -> None:
        for name, (scores, colour) in series.items():
            label = f"{name} ({len(scores)})"
            axes.hist(scores, bins=edges.tolist(), alpha=0.65, color=colour, label=label)
        for (name, mark), style in zip(marks.items(), ("-", "--", ":"), strict=False):
            if np.isfinite(mark):
                axes.axvline(
                    mark, color="#1c2430", linestyle=style, linewidth=1.2, label=f"{name} {mark:.3g}"
                )
        axes.set(xlabel="score", ylabel="parts")
        axes.legend(frameon=False, fontsize=8)

    return Figure(_drawn(draw), caption)


def stacked(labels: Sequence[str], counts: Mapping[str, tuple[Sequence[int], str]], caption: str) -> Figure:
    """Bars over time, one kind on the other, by name and colour. Raises ``FiguresMissing``."""

    def draw(axes: "Axes") -> None:
        below = np.zeros(len(labels))
        for name, (numbers, colour) in counts.items():
            axes.bar(range(len(labels)), numbers, bottom=below, color=colour, label=name, width=0.85)
            below += np.asarray(numbers)
        step = max(1, len(labels) // 8)
        axes.set_xticks(range(0, len(labels), step), [labels[i] for i in range(0, len(labels), step)])
        axes.set(ylabel="frames")
        axes.legend(frameon=False, fontsize=8)

    return Figure(_drawn(draw), caption)


def _drawn(draw: Any) -> str:
    try:
        import matplotlib as mpl
        from matplotlib.figure import Figure as Canvas
    except ImportError as error:
        raise FiguresMissing(
            "matplotlib draws a report's figures and is not installed: pip install 'patchline[report]'"
        ) from error
    with mpl.rc_context(_STYLE):
        canvas = Canvas(figsize=_SIZE, layout="constrained", facecolor="none")
        axes = canvas.add_subplot()
        axes.spines[["top", "right"]].set_visible(False)
        axes.set_facecolor("none")
        draw(axes)
        out = io.StringIO()
        canvas.savefig(out, format="svg", metadata={"Date": None})
    return out.getvalue()[out.getvalue().index("<svg") :]
