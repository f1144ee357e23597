"""The banks log: one rule, and so one history for every reader."""

from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.activation import Activated
from schemas.frame import Headers
from service.banks.activation_log import ActivationLog, activation_headers
from service.stream.base import Record
from tests.banks.conftest import NOON, draft_of

LINES = ("line1", "line2")


def record(
    offset: int, epoch: int, *, line: str = "line1", writer: int = 0, headers: Headers | None = None
) -> Record:
    """An activation as a writer writes it."""
    draft = draft_of(f"{writer:064x}")
    activated = Activated(
        line=line,
        epoch=epoch,
        model=draft.model,
        version=draft.version,
        size_bytes=draft.size_bytes,
        thresholds=draft.thresholds,
        activated_at=NOON + timedelta(seconds=writer),
    )
    value = activated.to_bytes()
    return Record("banks", 0, offset, 0, line.encode(), value, headers or activation_headers(line, epoch))


def folded(records: list[Record]) -> ActivationLog:
    log = ActivationLog()
    for item in records:
        log.apply(item)
    return log


@st.composite
def races(draw: st.DrawFn) -> list[Record]:
    """A log that racing writers wrote: each looks at some earlier state of it, so claims may be stale."""
    written: list[Record] = []
    for _ in range(draw(st.integers(0, 25))):
        seen = draw(st.integers(0, len(written)))
        line = draw(st.sampled_from(LINES))
        epoch = folded(written[:seen]).epoch(line) + 1
        written.append(record(len(written), epoch, line=line, writer=draw(st.integers(0, 3))))
    return written


@settings(deadline=None)
@given(races(), st.data())
def test_every_reader_has_the_same_history_however_it_read(
    written: list[Record], data: st.DataObject
) -> None:
    plain = folded(written)
    again = ActivationLog()
    position = 0
    while position < len(written):
        again.apply(written[position])
        # A reader that was reassigned or restarted in place is given records again.
        position = data.draw(st.integers(0, position)) if data.draw(st.integers(0, 4)) == 0 else position + 1
        if data.draw(st.integers(0, 30)) == 0:
            break
    for item in written:
        again.apply(item)
    assert all(plain.history(line) == again.history(line) for line in LINES)


@settings(deadline=None)
@given(races())
def test_epochs_begin_at_one_grow_by_one_and_the_first_record_of_each_wins(written: list[Record]) -> None:
    log = folded(written)
    for line in LINES:
        history = log.history(line)
        assert [entry.epoch for entry in history] == list(range(1, len(history) + 1))
        offsets = [entry.offset for entry in history]
        assert offsets == sorted(set(offsets))
        for entry in history:
            earlier = [r.offset for r in written if r.headers == activation_headers(line, entry.epoch)]
            assert entry.offset == min(earlier)


@given(races())
def test_every_change_is_told_once_and_in_order(written: list[Record]) -> None:
    log = ActivationLog()
    changes = [change for item in written * 2 if (change := log.apply(item))]
    for line in LINES:
        told = [change for change in changes if change.entry.line == line]
        assert [change.entry for change in told] == list(log.history(line))
        assert [change.before for change in told] == [None, *log.history(line)[:-1]][: len(told)]


def test_a_record_that_cannot_be_read_counts_all_the_same() -> None:
    broken = Record("banks", 0, 1, 0, b"line1", b"{new", activation_headers("line1", 2))
    log = folded([record(0, 1), broken])
    entry = log.current("line1")
    assert entry is not None
    assert (entry.epoch, entry.activation, entry.value) == (2, None, b"{new")
    assert entry.problem is not None
    assert "upgrade" in entry.problem
    assert log.unreadable("line1")
    good = log.last_good("line1")
    assert good is not None
    assert good.epoch == 1
    assert log.apply(record(2, 2)) is None
    assert log.apply(record(3, 3)) is not None
    assert not log.unreadable("line1")


def test_a_value_that_speaks_of_another_line_or_epoch_is_not_acted_on() -> None:
    for headers in (activation_headers("line2", 1), activation_headers("line1", 1)):
        log = folded([record(0, 2, headers=headers)])
        line = "line2" if headers == activation_headers("line2", 1) else "line1"
        entry = log.current(line)
        assert entry is not None
        assert (entry.epoch, entry.activation) == (1, None)


def test_a_record_without_a_value_counts_too() -> None:
    log = folded([Record("banks", 0, 0, 0, b"line1", None, activation_headers("line1", 1))])
    assert log.epoch("line1") == 1
    assert log.last_good("line1") is None


@given(st.binary(max_size=12), st.binary(max_size=12), st.binary(max_size=12), st.binary(max_size=20))
def test_arbitrary_headers_and_values_raise_nothing(
    kind: bytes, line: bytes, epoch: bytes, value: bytes
) -> None:
    headers = (("kind", kind), ("line", line), ("epoch", epoch))
    log = folded([Record("banks", 0, 0, 0, None, value, headers)])
    assert log.lines() == frozenset()


def test_only_plain_decimal_epochs_count() -> None:
    for epoch in (b"+1", b" 1", b"1 ", b"01", b"1_0", "１".encode(), b"1.0", b"1\n", b"-1", b"0", b""):
        headers = (("kind", b"activated"), ("line", b"line1"), ("epoch", epoch))
        assert folded([record(0, 1, headers=headers)]).epoch("line1") == 0


def test_what_is_published_or_out_of_turn_moves_nothing() -> None:
    published = (("kind", b"published"), ("line", b"line1"), ("epoch", b"1"))
    log = folded([record(0, 1, headers=published), record(1, 2), record(2, 7)])
    assert log.current("line1") is None
    assert log.epoch("line1") == 0
    assert log.at("line1", 1) is None
    assert log.ignored == 2
