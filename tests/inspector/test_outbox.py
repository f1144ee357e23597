"""Laws of the outbox: parcels keep their order, none waits for another, those due together go as one."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from schemas.reasons import DeadLetterReason, FaultReason
from schemas.verdict import Verdict
from service.images.decode import DEFAULT_LIMITS
from service.stream.base import Record
from tests.ledger.history import png
from workers.extraction.protocol import Outcome, Unfit
from workers.inspector.job import Job, Rejected, make_job, open_envelope
from workers.inspector.outbox import Outbox
from workers.inspector.parcel import Aside, Outcomes, Parcel

DATA = png(1)


class Written:
    """Takes effects down instead of having them: offsets, a list for each round trip."""

    def __init__(self) -> None:
        self.rounds: list[list[int]] = []

    async def publish(self, batch: Sequence[tuple[Job, Outcome]]) -> None:
        self.rounds.append([job.envelope.record.offset for job, _ in batch])

    async def set_aside(self, record: Record, rejected: Rejected) -> None:
        self.rounds.append([record.offset])

    async def repeat_alert(self, verdict: Verdict, trace: Any = ()) -> None:
        raise AssertionError


def record(offset: int) -> Record:
    return Record("frames", 0, offset, 0, b"line1", DATA)


def jobs(*offsets: int) -> list[Job]:
    return [make_job(open_envelope(record(offset), 1), DATA, DEFAULT_LIMITS) for offset in offsets]


def outcomes(count: int) -> list[Outcome]:
    return [Unfit("no-bank", 0, 0)] * count


def scoring(count: int) -> "asyncio.Future[list[Outcome]]":
    told: asyncio.Future[list[Outcome]] = asyncio.get_running_loop().create_future()
    told.set_result(outcomes(count))
    return told


async def emptied(outbox: Outbox, parcels: int) -> list[list[int]]:
    written: Any = Written()
    for _ in range(parcels):
        await (await outbox.next()).publish(written)
    rounds: list[list[int]] = written.rounds
    return rounds


def filled(most: int, *parcels: Parcel) -> Outbox:
    outbox = Outbox(most)
    for parcel in parcels:
        outbox.put(parcel)
    return outbox


async def test_batches_that_are_due_together_go_as_one_in_their_order() -> None:
    unexamined = Outcomes.unexamined(1, jobs(4)[0], FaultReason.MAINTENANCE)
    outbox = filled(64, Outcomes(1, jobs(1, 2, 3), scoring(3)), unexamined, Outcomes(1, jobs(5), scoring(1)))
    assert await emptied(outbox, 1) == [[1, 2, 3, 4, 5]]


async def test_what_is_still_scored_holds_up_nobody_before_it_and_everybody_behind_it() -> None:
    told: asyncio.Future[list[Outcome]] = asyncio.get_running_loop().create_future()
    outbox = filled(
        64,
        Outcomes(1, jobs(1), scoring(1)),
        Outcomes(1, jobs(2), told),
        Outcomes(1, jobs(3), scoring(1)),
    )
    assert await emptied(outbox, 1) == [[1]]
    rest = asyncio.create_task(emptied(outbox, 1))
    await asyncio.sleep(0.01)
    assert not rest.done()
    told.set_result(outcomes(1))
    assert await rest == [[2, 3]]


async def test_no_more_frames_go_as_one_than_the_limit_but_for_a_parcel_that_alone_has_more() -> None:
    outbox = filled(
        3,
        Outcomes(1, jobs(1, 2), scoring(2)),
        Outcomes(1, jobs(3), scoring(1)),
        Outcomes(1, jobs(4, 5, 6, 7), scoring(4)),
    )
    assert await emptied(outbox, 2) == [[1, 2, 3], [4, 5, 6, 7]]


async def test_frames_of_two_assignments_and_dead_letters_are_never_joined() -> None:
    aside = Aside(2, record(3), Rejected(DeadLetterReason.EMPTY))
    outbox = filled(
        64,
        Outcomes(1, jobs(1), scoring(1)),
        Outcomes(2, jobs(2), scoring(1)),
        aside,
        Outcomes(2, jobs(4), scoring(1)),
    )
    assert await emptied(outbox, 4) == [[1], [2], [3], [4]]


async def test_a_batch_whose_scoring_failed_fails_alone_and_in_its_turn() -> None:
    failed: asyncio.Future[list[Outcome]] = asyncio.get_running_loop().create_future()
    failed.set_exception(RuntimeError("no device"))
    outbox = filled(64, Outcomes(1, jobs(1), scoring(1)), Outcomes(1, jobs(2), failed))
    assert await emptied(outbox, 1) == [[1]]
    with pytest.raises(RuntimeError, match="no device"):
        await outbox.next()
