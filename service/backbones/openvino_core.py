"""This process's one ``openvino.Core``."""

from functools import cache
from threading import Lock
from typing import Any

_making = Lock()


def core() -> Any:
    """The same for every caller and thread, made at the first call. It ends with the process.

    A Core that compiles gives its thread a stack for signals, and frees that stack when it and its networks
    are gone (openvinotoolkit/openvino#11894). Of two that end in the order in which they began, the second
    gives the thread the first one's freed stack back; one that ends in another thread leaves it in place: the
    next signal, SIGTERM or Ctrl-C, is then a segmentation fault without a word.
    """
    with _making:
        return _core()


@cache
def _core() -> Any:
    import openvino

    return openvino.Core()
