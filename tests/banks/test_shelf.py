"""The shelf: a batch keeps what it began with; a replaced entry is closed once, and never while held."""

import threading

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule

from service.banks.shelf import Pin, Shelf

LINES = st.sampled_from(["line1", "line2", "line3"])


class Index:
    """An entry that knows whether it was closed."""

    def __init__(self, version: int = 0) -> None:
        self.version = version
        self.closings = 0

    def close(self) -> None:
        self.closings += 1


def test_a_batch_keeps_what_it_began_with() -> None:
    shelf: Shelf[Index] = Shelf()
    old, new = Index(1), Index(2)
    shelf.put("line1", old)
    with shelf.pin() as pin:
        shelf.put("line1", new)
        shelf.put("line2", Index(3))
        assert (pin["line1"], list(pin), len(pin)) == (old, ["line1"], 1)
        assert old.closings == 0
        with shelf.pin() as later:
            assert later["line1"] is new
    assert (old.closings, new.closings, shelf.closed) == (1, 0, 1)


def test_a_released_pin_gives_no_entry_that_may_be_closed() -> None:
    shelf: Shelf[Index] = Shelf()
    shelf.put("line1", Index())
    pin = shelf.pin()
    pin.release()
    pin.release()
    with pytest.raises(RuntimeError, match="was released"):
        pin["line1"]
    assert shelf.closed == 0


def test_a_dropped_line_is_gone_for_the_next_batch_only() -> None:
    shelf: Shelf[Index] = Shelf()
    entry = Index()
    shelf.put("line1", entry)
    with shelf.pin() as pin:
        shelf.drop("line1")
        shelf.drop("line1")
        assert pin["line1"] is entry
        assert shelf.lines() == frozenset()
        assert entry.closings == 0
    assert entry.closings == 1


def test_threads_that_swap_and_batch_close_each_entry_once_and_see_none_closed() -> None:
    shelf: Shelf[Index] = Shelf()
    made: list[Index] = []
    seen_closed: list[Index] = []

    def swap() -> None:
        for version in range(400):
            made.append(Index(version))
            shelf.put("line1", made[-1])

    def batch() -> None:
        for _ in range(400):
            with shelf.pin() as pin:
                seen_closed.extend(entry for entry in pin.values() if entry.closings)

    threads = [threading.Thread(target=target) for target in (swap, batch, batch)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    shelf.close()
    assert seen_closed == []
    assert {entry.closings for entry in made} == {1}
    assert shelf.closed == 400


class ShelfMachine(RuleBasedStateMachine):
    """Any order of puts, drops, pins and releases."""

    pins = Bundle("pins")

    def __init__(self) -> None:
        super().__init__()
        self.shelf: Shelf[Index] = Shelf()
        self.made: list[Index] = []
        self.current: dict[str, Index] = {}
        self.held: dict[int, tuple[Pin[Index], dict[str, Index]]] = {}

    @rule(line=LINES)
    def put(self, line: str) -> None:
        self.made.append(Index())
        self.shelf.put(line, self.made[-1])
        self.current[line] = self.made[-1]

    @rule(line=LINES)
    def drop(self, line: str) -> None:
        self.shelf.drop(line)
        self.current.pop(line, None)

    @rule(target=pins)
    def pin(self) -> Pin[Index]:
        pin = self.shelf.pin()
        self.held[id(pin)] = (pin, dict(self.current))
        return pin

    @rule(pin=consumes(pins))
    def release(self, pin: Pin[Index]) -> None:
        pin.release()
        del self.held[id(pin)]

    @invariant()
    def pins_see_what_they_began_with(self) -> None:
        assert all(dict(pin) == began for pin, began in self.held.values())

    @invariant()
    def closed_exactly_when_nobody_holds_it(self) -> None:
        living = set(self.current.values()).union(*(began.values() for _, began in self.held.values()))
        for entry in self.made:
            assert entry.closings == (0 if entry in living else 1)
        assert self.shelf.closed == sum(entry.closings for entry in self.made)


ShelfMachine.TestCase.settings = settings(max_examples=50, stateful_step_count=30, deadline=None)
TestShelf = ShelfMachine.TestCase
