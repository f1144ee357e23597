"""Laws of the scan: all of the spans, nothing else, and an end where the log has holes."""

from collections.abc import Mapping, Sequence

import pytest

from service.ledger.scan import Span, scan
from service.stream.base import Record, StreamError


class HoledReader:
    """A log of which transactions' markers have taken some offsets."""

    def __init__(self, offsets: Mapping[int, Sequence[int]], end: int, *, answers: int = 9) -> None:
        self._offsets, self._end, self._answers = offsets, end, answers
        self._at = dict.fromkeys(offsets, 0)

    async def bounds(self) -> Mapping[int, tuple[int, int]]:
        self._answers -= 1
        if self._answers < 0:
            raise StreamError("the broker is down: start it")
        return dict.fromkeys(self._offsets, (0, self._end))

    def seek(self, partition: int, offset: int) -> None:
        self._at[partition] = offset

    async def poll(self, *, timeout_ms: int, max_records: int) -> Sequence[Record]:
        records = []
        for partition, offsets in self._offsets.items():
            rest = [offset for offset in offsets if offset >= self._at[partition]][:1]
            records += [Record("t", partition, offset, 0, None, b"x") for offset in rest]
            self._at[partition] = rest[-1] + 1 if rest else self._end
        return records[:max_records]

    async def close(self) -> None:
        return


async def scanned(reader: HoledReader, spans: Mapping[int, Span]) -> list[tuple[int, int]]:
    taken: list[Record] = []
    await scan(reader, spans, taken.extend, lambda *_: None, max_records=10, patience_seconds=0.05)
    return sorted((record.partition, record.offset) for record in taken)


async def test_exactly_the_spans_are_read() -> None:
    reader = HoledReader({0: range(10), 1: range(10), 2: range(10)}, 10)
    assert await scanned(reader, {0: (2, 4), 1: (5, 6), 2: (3, 3)}) == [(0, 2), (0, 3), (1, 5)]


@pytest.mark.parametrize("offsets", [(0, 1, 4), (1, 2), ()])
async def test_holes_do_not_keep_a_scan_from_its_end(offsets: tuple[int, ...]) -> None:
    assert await scanned(HoledReader({0: offsets}, 5), {0: (0, 5)}) == [(0, offset) for offset in offsets]


async def test_silence_of_a_broker_that_is_down_is_no_end() -> None:
    with pytest.raises(StreamError, match="down"):
        await scanned(HoledReader({0: ()}, 5, answers=1), {0: (0, 5)})
