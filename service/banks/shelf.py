"""The shelf: what is in force on every line in this process, exchanged while batches run."""

import threading
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType, TracebackType
from typing import Generic, Protocol, TypeVar


class Closable(Protocol):
    """An entry, such as an index. ``close`` frees it, must not raise, and is called exactly once."""

    def close(self) -> None: ...


E = TypeVar("E", bound=Closable)


class _Slot(Generic[E]):
    """An entry and who holds it: the shelf counts as one holder, each pin as another."""

    def __init__(self, entry: E) -> None:
        self.entry = entry
        self.holders = 1


class Pin(Mapping[str, E]):
    """What was in force on every line when a batch began; it does not change. Release it once the batch
    is done, best as a context manager: until then replaced entries stay alive."""

    def __init__(self, shelf: "Shelf[E]", slots: Mapping[str, _Slot[E]]) -> None:
        self._shelf = shelf
        self._slots = slots
        self._released = False

    def __getitem__(self, line: str) -> E:
        if self._released:
            raise RuntimeError(f"the pin was released, its entry of {line} may be closed: pin again")
        return self._slots[line].entry

    def __iter__(self) -> Iterator[str]:
        return iter(self._slots)

    def __len__(self) -> int:
        return len(self._slots)

    def release(self) -> None:
        """Let go; entries replaced meanwhile are closed here when nobody else holds them. Doing so again
        does nothing."""
        self._shelf._release(self)

    def __enter__(self) -> "Pin[E]":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()


class Shelf(Generic[E]):
    """The entry in force of every line. Safe from any thread. An entry is closed exactly once, by the
    thread that lets go of it last and outside the lock: who owns a device calls ``put`` and ``drop``
    itself, so that the device's memory is freed by its owner."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._slots: dict[str, _Slot[E]] = {}
        self._closed = 0

    @property
    def closed(self) -> int:
        """How many entries were closed so far."""
        return self._closed

    def pin(self) -> Pin[E]:
        """A snapshot for one batch."""
        with self._lock:
            slots = dict(self._slots)
            for slot in slots.values():
                slot.holders += 1
        return Pin(self, MappingProxyType(slots))

    def put(self, line: str, entry: E) -> None:
        """Put an entry in force, which the shelf owns from now on. Batches that began before keep the
        old one. Give every call an entry of its own."""
        with self._lock:
            old = self._slots.get(line)
            self._slots[line] = _Slot(entry)
            idle = _let_go([old])
        self._close(idle)

    def drop(self, line: str) -> None:
        """Take a line off; nothing happens for one that has no entry."""
        with self._lock:
            old = self._slots.pop(line, None)
            idle = _let_go([old])
        self._close(idle)

    def close(self) -> None:
        """Take all lines off."""
        for line in list(self._slots):
            self.drop(line)

    def lines(self) -> frozenset[str]:
        """The lines that have an entry."""
        with self._lock:
            return frozenset(self._slots)

    def _release(self, pin: Pin[E]) -> None:
        with self._lock:
            if pin._released:
                return
            pin._released = True
            idle = _let_go(pin._slots.values())
        self._close(idle)

    def _close(self, entries: list[E]) -> None:
        for entry in entries:
            entry.close()
        with self._lock:
            self._closed += len(entries)


def _let_go(slots: Iterable[_Slot[E] | None]) -> list[E]:
    """One holder fewer of each; answers the entries that nobody holds any longer."""
    idle = []
    for slot in slots:
        if slot is not None:
            slot.holders -= 1
            if slot.holders == 0:
                idle.append(slot.entry)
    return idle
