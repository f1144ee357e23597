"""The command line, one file a command. Commands import heavy libraries when they run: help stays quick."""

import sys

from workers.cli.leaving import leave

INTERRUPTED = 130
"""128 and the signal's number, as shells have it."""


def main() -> None:
    """``patchline``: run what the arguments ask for, and exit with 0, 1 or 2, or 130 when interrupted."""
    try:
        from workers.cli.app import run

        code = run(sys.argv[1:])
    except KeyboardInterrupt:
        # Before there was a command that could be told of it.
        code = INTERRUPTED
    leave(code)
