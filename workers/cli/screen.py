"""Two screens: answers on standard output, and everything said beside them on standard error."""

import json
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console

_WIDE = 200


def answers() -> "Console":
    """Where tables and sentences that were asked for go. A pipe gets them unwrapped and without colours."""
    return _console(sys.stdout.isatty(), stderr=False)


def beside() -> "Console":
    """Where progress, notes and summaries for people go."""
    return _console(sys.stderr.isatty(), stderr=True)


def note(sentence: str) -> None:
    """Say something beside the answer."""
    beside().print(sentence, style="dim", markup=False, highlight=False)


def complain(sentence: str) -> None:
    """Say why a command ended."""
    # Never wrapped: a sentence that a script looks for must be one line.
    screen = beside()
    screen.print("patchline: ", style="bold red", end="", highlight=False)
    screen.print(sentence, markup=False, highlight=False, soft_wrap=True)


def print_json(value: Any) -> None:
    """One JSON document on one line of standard output, at once."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, allow_nan=False) + "\n")
    sys.stdout.flush()


def _console(terminal: bool, *, stderr: bool) -> "Console":
    from rich.console import Console

    return Console(stderr=stderr, width=None if terminal else _WIDE, highlight=False)
