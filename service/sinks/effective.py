"""Which verdicts count: of several for one frame, the first in the log."""

from collections import OrderedDict
from collections.abc import Hashable

# A second verdict follows its first within the frames that an inspector may have uncommitted, repeated by
# those that came back; 16 times the default of that is beyond any of them.
REMEMBERED = 4096


class Recent:
    """Remembers the newest things that it was given."""

    def __init__(self, remembered: int = REMEMBERED) -> None:
        self._remembered = remembered
        self._seen: OrderedDict[Hashable, None] = OrderedDict()

    def __contains__(self, thing: Hashable) -> bool:
        return thing in self._seen

    def first(self, thing: Hashable) -> bool:
        """Whether it is not among them; from now on it is."""
        if thing in self._seen:
            return False
        self._seen[thing] = None
        if len(self._seen) > self._remembered:
            self._seen.popitem(last=False)
        return True
