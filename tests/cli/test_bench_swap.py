"""``patchline bench swap``: what it calls mixed, and a short run of it."""

from datetime import UTC, datetime
from uuid import UUID

import pytest

from schemas.reasons import VerdictKind
from schemas.verdict import Source, Verdict
from service.stream.base import Record
from tests.cli.conftest import Command
from workers.cli.swapping import Seen

VERSIONS = {1: "aa" * 32, 2: "bb" * 32}


def seen(*told: tuple[str, int, str], partition: int = 0) -> Seen:
    found = Seen(epochs=dict(VERSIONS))
    for offset, (frame, epoch, version) in enumerate(told):
        verdict = Verdict(
            frame_uid=UUID(int=offset),
            line="a",
            frame_id=frame,
            frame_sha256="cc" * 32,
            verdict=VerdictKind.OK,
            epoch=epoch,
            bank_version=version,
            source=Source(partition=partition, offset=offset, timestamp_ms=100),
            inspected_at=datetime(2026, 1, 31, tzinfo=UTC),
        )
        found.take(Record("verdicts", partition, offset, 140 + offset, b"a", None), verdict)
    return found


def test_verdicts_in_the_order_of_the_epochs_by_their_own_banks_are_not_mixed() -> None:
    found = seen(("f1", 1, VERSIONS[1]), ("f2", 1, VERSIONS[1]), ("f3", 2, VERSIONS[2]))
    assert (found.mixed, found.epoch, found.counts["f2"]) == (0, 2, 1)
    assert found.latencies_ms == {"f1": 40, "f2": 41, "f3": 42}


@pytest.mark.parametrize("last", [("f3", 2, VERSIONS[1]), ("f3", 1, VERSIONS[1]), ("f3", 9, VERSIONS[2])])
def test_another_bank_than_its_epochs_or_an_epoch_that_was_replaced_before_is_mixed(
    last: tuple[str, int, str],
) -> None:
    assert seen(("f1", 1, VERSIONS[1]), ("f2", 2, VERSIONS[2]), last).mixed == 1


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_swaps_under_load_lose_double_and_mix_no_frame(patchline: Command) -> None:
    told = patchline("bench", "swap", "--swaps", 4, "--rate", 2, "--json").json
    assert (told["swaps"], told["lost"], told["doubled"], told["mixed"]) == (4, 0, 0, 0)
    assert {"p99_with_ms", "p99_without_ms", "rss_first_mb", "rss_last_mb"} <= told.keys()
