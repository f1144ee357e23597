"""The end of the process, without taking apart what it imported."""

import atexit
import os
import sys
import threading
from typing import NoReturn

UNWRITTEN = 1
"""An answer that nobody could be given is a failure."""


def leave(code: int) -> NoReturn:
    """End the process with ``code``: threads are waited for, what was registered for the exit is done and
    output is written, as the interpreter would, and as ``multiprocessing`` ends its own processes. It would
    go on to take modules apart, torch's and OpenVINO's for half a second, only for the system to take all
    their memory back."""
    # Not a join of each: the threads of an executor end by its hook alone.
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    os._exit(_flushed(code))


def _flushed(code: int) -> int:
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except BrokenPipeError:
        # Whoever read it has seen enough, as `head` does.
        return code
    except OSError:
        return code or UNWRITTEN
    return code
