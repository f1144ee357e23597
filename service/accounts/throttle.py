"""Log-ins that fail are counted, so that passwords cannot be tried at will; one page's memory holds it."""

import time
from collections import OrderedDict, deque
from collections.abc import Callable, Iterator

WINDOW_SECONDS = 900.0
# Of one name from one address, of one address, and of one name from anywhere. The last is high: whoever
# fails on purpose must not lock a user out from elsewhere after a few tries.
OF_BOTH, OF_ADDRESS, OF_NAME = 5, 30, 100
REMEMBERED = 10_000

Key = tuple[str, ...]


class Throttle:
    """``wait`` before a try, ``failed`` after one that failed. Names that no user has count alike."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._failures: OrderedDict[Key, deque[float]] = OrderedDict()

    def wait(self, name: str, address: str) -> float:
        """Seconds until the next try may be made; 0 for now."""
        now = self._clock()
        return max(self._left(key, limit, now) for key, limit in _counted(name, address))

    def failed(self, name: str, address: str) -> None:
        """Count a try that failed."""
        now = self._clock()
        for key, limit in _counted(name, address):
            self._failures.setdefault(key, deque(maxlen=limit)).append(now)
            self._failures.move_to_end(key)
        while len(self._failures) > REMEMBERED:
            self._failures.popitem(last=False)

    def succeeded(self, name: str, address: str) -> None:
        """Forget what this name failed from this address."""
        self._failures.pop(("both", name, address), None)

    def _left(self, key: Key, limit: int, now: float) -> float:
        times = self._failures.get(key)
        if times is None or len(times) < limit:
            return 0.0
        return max(0.0, times[0] + WINDOW_SECONDS - now)


def _counted(name: str, address: str) -> Iterator[tuple[Key, int]]:
    yield ("both", name, address), OF_BOTH
    yield ("address", address), OF_ADDRESS
    yield ("name", name), OF_NAME
