"""This process's one ``openvino.Core``."""

from functools import cache
from typing import Any


@cache
def core() -> Any:
    """The same for every caller, made at the first call; any thread may use it. It ends with the process.

    A Core that compiles gives its thread a stack for signals of its own and frees that stack with its last
    network (openvinotoolkit/openvino#11894). Of two that end in the order in which they began, the second
    gives the thread the first one's freed stack back, as one does that ends in another thread: the next
    signal, SIGTERM or Ctrl-C, is then a segmentation fault without a word.
    """
    import openvino

    return openvino.Core()
