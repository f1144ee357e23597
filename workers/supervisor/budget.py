"""How often a program may be started again before that is taken for hopeless."""

from collections import deque


class RestartBudget:
    """At most ``restarts`` within any ``seconds``; moments are seconds of one clock."""

    def __init__(self, restarts: int, seconds: float) -> None:
        self._restarts, self._seconds = restarts, seconds
        self._spent: deque[float] = deque()

    def spend(self, now: float) -> bool:
        """Whether one more is allowed now; it counts if so."""
        while self._spent and now - self._spent[0] >= self._seconds:
            self._spent.popleft()
        if len(self._spent) >= self._restarts:
            return False
        self._spent.append(now)
        return True
