"""Claims: who is answering which part right now, so that nobody else is shown it. In this process only, and
never for long: a claim that is not renewed ends, and a lost one costs an operator one second look."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

SECONDS = 45.0
PER_HOLDER = 20
MAX_HOLDERS = 2_000


@dataclass(frozen=True, slots=True)
class Claim:
    """A part that a holder is answering, and the person's name."""

    frame_uid: str
    name: str


@dataclass(frozen=True, slots=True)
class Holder:
    """One open page of a person: who it is, and the name that the page gave itself."""

    name: str
    page: str


@dataclass(frozen=True, slots=True)
class _Held:
    holder: Holder
    until: float


class Claims:
    """One event loop only."""

    def __init__(self, seconds: float = SECONDS, clock: Callable[[], float] = time.monotonic) -> None:
        self._seconds, self._clock = seconds, clock
        self._held: dict[str, dict[str, _Held]] = {}

    def hold(self, line: str, holder: Holder, uids: Sequence[str]) -> tuple[list[str], list[Claim]]:
        """From now on the holder has these parts of the line, and no others: which of them it got, and which
        somebody else has. An empty list lets all go."""
        held = self._fresh(line)
        for uid in [uid for uid, claim in held.items() if claim.holder == holder and uid not in uids]:
            del held[uid]
        got, taken = list[str](), list[Claim]()
        for uid in uids[:PER_HOLDER]:
            other = held.get(uid)
            if other is not None and other.holder != holder:
                taken.append(Claim(uid, other.holder.name))
            elif other is not None or len(held) < MAX_HOLDERS:
                held[uid] = _Held(holder, self._clock() + self._seconds)
                got.append(uid)
        if not held:
            self._held.pop(line, None)
        return got, taken

    def release(self, line: str, uids: Sequence[str]) -> None:
        """Let parts go, whoever has them: they are answered."""
        held = self._fresh(line)
        for uid in uids:
            held.pop(uid, None)

    def of_others(self, line: str, holder: Holder | None) -> list[Claim]:
        """What anybody but the holder has."""
        found = self._fresh(line).items()
        return [Claim(uid, claim.holder.name) for uid, claim in found if claim.holder != holder]

    def of_page(self, line: str, page: str) -> set[str]:
        """The names of those who hold parts as a page of this name."""
        held = self._fresh(line).values()
        return {claim.holder.name for claim in held if claim.holder.page == page}

    def _fresh(self, line: str) -> dict[str, _Held]:
        now = self._clock()
        held = self._held.setdefault(line, {})
        for uid in [uid for uid, claim in held.items() if claim.until <= now]:
            del held[uid]
        return held
