"""The book spills to the disk: its memory is its cache, however many frames there are."""

from hashlib import sha256

import psutil
import pytest

from service.ledger.accepted import FrameRow
from service.ledger.balance import report_of
from service.ledger.book import ActivationRow, Book, LimitsRow, WindowRow, open_book
from service.ledger.outcomes import VerdictRow
from service.ledger.snapshot import Snapshot

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
FRAMES, A_TURN = 300_000, 2_000
CACHE_MIB, SLACK_MIB = 64, 32


def fill(book: Book, first: int) -> None:
    """Frames and their verdicts."""
    frames, verdicts = [], []
    for number in range(first, first + A_TURN):
        digest = sha256(str(number).encode()).digest()
        uid = digest[:16]
        frames.append(FrameRow(0, number, digest, "line", f"frame-{number}", digest, uid))
        nothing = dict.fromkeys(VerdictRow._fields)
        told = {"kind": "ok", "line": "line", "frame_id": f"frame-{number}", "sha256": digest, "uid": uid}
        place = {"partition": 0, "source": number, "own_partition": 0, "own_offset": number}
        ids = {"epoch": 1, "version": "v", "drawn": False, "astray": False, "alert_id": uid}
        verdicts.append(VerdictRow(**{**nothing, **told, **place, **ids}))  # type: ignore[arg-type]
    book.add(frames)
    book.add(verdicts)


def test_memory_stays_constant_over_hundreds_of_thousands_of_frames() -> None:
    process = psutil.Process()
    before, most = process.memory_info().rss, 0
    with open_book() as book:
        for first in range(0, FRAMES, A_TURN):
            fill(book, first)
            most = max(most, process.memory_info().rss - before)
        book.add([WindowRow(0, 0, FRAMES, FRAMES)])
        book.add([ActivationRow("line", 1, "v")])
        book.add([LimitsRow(0, 0)])
        book.settle()
        report = report_of(book, Snapshot({}, {}))
        most = max(most, process.memory_info().rss - before)
    assert (report.accepted, report.clean) == (FRAMES, True)
    assert most / 2**20 < CACHE_MIB + SLACK_MIB
