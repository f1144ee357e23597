"""The view: filled from the topics, refilled from them, bounded."""

from datetime import UTC, datetime
from pathlib import Path

from schemas.reasons import VerdictKind
from schemas.topics import TopicKind
from schemas.verdict import Source
from service.banks.activation_log import activation_headers
from service.web.page import VIEW_FILE
from service.web.shapes import LineSummary, VerdictItem
from service.web.view.verdicts import Filter
from tests.web.conftest import ready_page
from tests.web.plant import Plant, version_of


async def told_by(plant: Plant) -> tuple[list[LineSummary], tuple[VerdictItem, ...]]:
    async with ready_page(plant) as page:
        view = page.context.view
        return list(await view.lines()), (await view.page(Filter(), limit=500)).verdicts


async def test_a_deleted_view_is_refilled_from_the_topics(plant: Plant, tmp_path: Path) -> None:
    await plant.activate("a", 1)
    for kind in VerdictKind:
        await plant.judge("a", kind)
    before = await told_by(plant)
    (tmp_path / VIEW_FILE).unlink()
    assert await told_by(plant) == before


async def test_a_view_of_another_stream_is_not_believed(plant: Plant, tmp_path: Path) -> None:
    await plant.judge("gone")
    await told_by(plant)
    other = Plant(tmp_path)
    await other.open()
    assert await told_by(other) == ([], ())


async def test_the_verdict_of_the_lower_offset_is_the_effective_one(plant: Plant) -> None:
    first = plant.make("a", VerdictKind.OK, frame_id="same")
    lower = first.model_copy(
        update={
            "verdict": VerdictKind.DEFECT,
            "source": Source(partition=0, offset=first.source.offset - 1, timestamp_ms=0),
        }
    )
    again = first.model_copy(update={"verdict": VerdictKind.FAULT})
    for verdict in (first, again, lower, again):
        await plant.write(TopicKind.VERDICTS, "a", verdict)
    [summary], [effective] = await told_by(plant)
    assert effective.verdict is VerdictKind.DEFECT
    assert sum(summary.counts.values()) == 1


async def test_of_two_verdicts_of_one_record_the_first_in_the_log_is_effective(plant: Plant) -> None:
    first = plant.make("a", VerdictKind.DEFECT)
    for kind in (VerdictKind.DEFECT, VerdictKind.OK):
        await plant.write(TopicKind.VERDICTS, "a", first.model_copy(update={"verdict": kind}))
    _, [effective] = await told_by(plant)
    assert effective.verdict is VerdictKind.DEFECT


async def test_the_first_record_of_an_epoch_wins(plant: Plant) -> None:
    await plant.activate("a", 1)
    await plant.activate("a", 1, version=version_of("late", 1))
    await plant.activate("a", 3)
    [summary], _ = await told_by(plant)
    assert (summary.epoch, summary.version) == (1, version_of("a", 1))


async def test_an_activation_that_cannot_be_read_counts_and_leaves_the_bank(plant: Plant) -> None:
    await plant.activate("a", 1)
    unreadable = plant.make("a")
    await plant.write(TopicKind.BANKS, "a", unreadable, headers=activation_headers("a", 2))
    [summary], _ = await told_by(plant)
    assert (summary.epoch, summary.version) == (2, version_of("a", 1))


async def test_records_that_cannot_be_read_are_passed_over(plant: Plant) -> None:
    await plant.activate("a", 1)
    [activated_as_verdict] = [await plant.activate("b", 1)]
    await plant.write(TopicKind.VERDICTS, "a", activated_as_verdict)
    verdict = await plant.judge("a")
    _, verdicts = await told_by(plant)
    assert [item.frame_uid for item in verdicts] == [verdict.frame_uid]


async def test_only_the_newest_verdicts_are_remembered(tmp_path: Path) -> None:
    plant = Plant(tmp_path, keep_verdicts=100)
    await plant.open()
    sent = [await plant.judge(f"line-{at % 3}", data=None) for at in range(250)]
    _, verdicts = await told_by(plant)
    assert [item.frame_uid for item in verdicts] == [each.frame_uid for each in reversed(sent[-100:])]


async def test_the_rate_counts_the_last_minute_only(plant: Plant) -> None:
    await plant.judge("a")
    await plant.judge("a", inspected_at=datetime.now(UTC))
    [summary], _ = await told_by(plant)
    assert summary.frames_per_minute == 1
