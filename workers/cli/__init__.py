"""The command line, one file a command. Commands import heavy libraries when they run: help stays quick."""

import sys


def main() -> None:
    """``patchline``: run what the arguments ask for, and exit with 0, 1 or 2."""
    from workers.cli.app import run

    sys.exit(run(sys.argv[1:]))
