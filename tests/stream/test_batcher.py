"""The laws of batching: turns among lines, order within one, and bounds that hold."""

from collections import defaultdict

from hypothesis import given
from hypothesis import strategies as st

from service.stream.batcher import Batcher

Item = tuple[str, int]
ARRIVALS = st.lists(st.tuples(st.sampled_from("abcd"), st.integers(1, 50)), max_size=60)


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def make(clock: Clock, *, max_batch: int = 4, max_cost: int = 100) -> Batcher[Item]:
    return Batcher(max_batch=max_batch, max_wait=1.0, max_cost=max_cost, clock=clock)


def drain(batcher: Batcher[Item]) -> list[list[Item]]:
    batches = []
    while (batch := batcher.take(1e9)) is not None:
        batches.append(batch)
    return batches


def fill(batcher: Batcher[Item], arrivals: list[tuple[str, int]]) -> dict[Item, int]:
    counts: dict[str, int] = defaultdict(int)
    costs: dict[Item, int] = {}
    for line, cost in arrivals:
        item = (line, counts[line])
        counts[line] += 1
        costs[item] = cost
        batcher.add(item, line, cost)
    return costs


@given(ARRIVALS)
def test_every_item_leaves_once_and_in_the_order_of_its_line(arrivals: list[tuple[str, int]]) -> None:
    batcher = make(Clock())
    costs = fill(batcher, arrivals)
    items = [item for batch in drain(batcher) for item in batch]
    assert sorted(items) == sorted(costs)
    for line in "abcd":
        numbers = [number for name, number in items if name == line]
        assert numbers == sorted(numbers)
    assert len(batcher) == 0


@given(ARRIVALS)
def test_no_batch_passes_its_bounds(arrivals: list[tuple[str, int]]) -> None:
    batcher = make(Clock())
    costs = fill(batcher, arrivals)
    for batch in drain(batcher):
        assert 1 <= len(batch) <= 4
        assert sum(costs[item] for item in batch) <= 100


@given(st.integers(0, 60))
def test_busy_line_never_keeps_a_quiet_one_out_of_the_next_batch(burst: int) -> None:
    batcher = make(Clock())
    fill(batcher, [("a", 1)] * burst + [("b", 1)])
    batch = batcher.take(1e9)
    assert batch is not None
    assert ("b", 0) in batch


def test_lines_take_turns() -> None:
    batcher = make(Clock(), max_batch=5)
    fill(batcher, [("a", 1)] * 4 + [("b", 1)] * 2 + [("c", 1)])
    assert drain(batcher) == [[("a", 0), ("b", 0), ("c", 0), ("a", 1), ("b", 1)], [("a", 2), ("a", 3)]]


def test_batch_is_due_when_full_or_when_the_oldest_has_waited() -> None:
    clock = Clock()
    batcher = make(clock, max_batch=2)
    assert batcher.next_deadline() is None
    assert batcher.take(5.0) is None
    batcher.add(("a", 0), "a")
    clock.now = 0.5
    assert batcher.next_deadline() == 1.0
    assert batcher.take(0.5) is None
    batcher.add(("b", 0), "b")
    assert batcher.take(0.5) == [("a", 0), ("b", 0)]
    batcher.add(("a", 1), "a")
    assert batcher.take(1.4) is None
    assert batcher.take(1.5) == [("a", 1)]


def test_batch_is_due_when_its_cost_is_reached() -> None:
    batcher = make(Clock())
    batcher.add(("a", 0), "a", 60)
    assert batcher.take(0.0) is None
    batcher.add(("b", 0), "b", 60)
    assert batcher.take(0.0) == [("a", 0)]


def test_item_that_alone_passes_the_bound_goes_alone() -> None:
    batcher = make(Clock())
    fill(batcher, [("a", 1000), ("b", 1)])
    assert drain(batcher) == [[("a", 0)], [("b", 0)]]


def test_shed_takes_the_oldest_of_the_line_alone() -> None:
    batcher = make(Clock())
    fill(batcher, [("a", 1), ("b", 1), ("a", 1)])
    assert batcher.shed("a") == ("a", 0)
    assert batcher.waiting("a") == 1
    assert batcher.shed("a") == ("a", 1)
    assert batcher.shed("a") is None
    assert batcher.waiting("a") == 0
    assert drain(batcher) == [[("b", 0)]]


def test_discarded_items_never_come_in_a_batch() -> None:
    batcher = make(Clock())
    fill(batcher, [("a", 90), ("a", 1), ("b", 90), ("c", 1)])
    assert batcher.discard(lambda item: item[1] == 0) == [("a", 0), ("b", 0), ("c", 0)]
    assert len(batcher) == 1
    assert drain(batcher) == [[("a", 1)]]
    assert batcher.next_deadline() is None
