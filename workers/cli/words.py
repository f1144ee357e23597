"""Numbers and names as people read them on a terminal."""

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from rich.text import Text

if TYPE_CHECKING:
    from schemas.activation import Thresholds

_STYLES = {"ok": "green", "review": "yellow", "defect": "bold red", "fault": "magenta", "dropped": "dim"}
_VERSION = 12


def verdict(kind: str) -> Text:
    """A verdict in its colour; those that need a person in capitals, for eyes that see no colours."""
    return Text(kind.upper() if kind in ("defect", "review") else kind, _STYLES.get(kind, ""))


def score(number: float | None) -> str:
    """A score with four significant digits, a dash for none."""
    return "–" if number is None else f"{number:#.4g}"


def p_value(number: float | None) -> str:
    """A p-value with two significant digits, a dash for none."""
    return "–" if number is None else f"{number:.2g}"


def version(sha256: str | None) -> str:
    """The beginning of a version, enough to tell banks apart."""
    return "–" if sha256 is None else sha256[:_VERSION]


def size(count: int) -> str:
    """Bytes as 1.2 MB."""
    return f"{count / 1e6:.1f} MB" if count >= 1e5 else f"{count / 1e3:.1f} kB"


def when(moment: datetime) -> str:
    """A moment in this machine's zone, to the second."""
    return f"{moment.astimezone():%Y-%m-%d %H:%M:%S}"


def many(number: int, noun: str, plural: str = "") -> str:
    """``1 frame``, ``2,048 frames``."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def counts(numbers: Mapping[str, int]) -> str:
    """``3 ok, 1 defect``: what is not zero."""
    return ", ".join(f"{number:,} {name}" for name, number in numbers.items() if number) or "none"


def verdict_rule(thresholds: "Thresholds") -> str:
    """Where the verdicts part. Few parts leave no room for a review between ok and defect."""
    defect = f"A score above {score(thresholds.defect_score)} is a defect"
    if thresholds.review_score >= thresholds.defect_score:
        return f"{defect}."
    return f"{defect}, one above {score(thresholds.review_score)} is for a person to review."
