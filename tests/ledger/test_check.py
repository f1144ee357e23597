"""Laws of the ledger check: it finds each kind of damage by its name, and accuses nobody else."""

import asyncio
import time
from dataclasses import replace
from hashlib import sha256
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schemas.alert import Alert
from schemas.reasons import VerdictKind
from schemas.topics import TopicKind
from service.ledger.check import check_ledger
from service.ledger.report import SAMPLE, LedgerReport, TroubleKind
from service.store.keys import heatmap_key
from tests.ledger.history import (
    FATES,
    GROUP,
    PREFIX,
    History,
    Sent,
    commit,
    expire,
    make_history,
    parsed,
    png,
    shuffled,
    with_verdict,
    write,
)

OUTCOMES = (TopicKind.VERDICTS, TopicKind.ALERTS, TopicKind.DEAD_LETTERS)


async def report_on(history: History) -> LedgerReport:
    return await check_ledger(await history.written(), history.store, PREFIX, GROUP)


def only(report: LedgerReport, **counts: int) -> bool:
    """Whether exactly these troubles were found, each with a sample."""
    found = {kind.field: report.count(kind) for kind in TroubleKind if report.count(kind)}
    sampled = {trouble.kind.field for trouble in report.troubles}
    assert report.clean == (not found)
    assert sampled == set(found)
    assert report.accepted == (
        report.scored + report.dead_lettered + report.dropped + report.missing + report.doubled
    )
    return found == counts


async def test_a_right_history_is_clean_and_balances() -> None:
    report = await report_on(await make_history(FATES * 2))
    assert only(report)
    assert (report.accepted, report.scored, report.dead_lettered, report.dropped) == (20, 10, 8, 2)
    assert (report.alerts, report.alerts_repeated, report.superseded, report.in_flight) == (6, 0, 0, 0)


async def test_nothing_is_a_clean_ledger() -> None:
    assert only(await report_on(await make_history(())))


async def test_frames_past_the_watermark_are_in_flight_and_not_missing() -> None:
    report = await report_on(await make_history(FATES, unfinished=3))
    assert only(report)
    assert (report.accepted, report.in_flight) == (7, 3)


async def test_the_outcome_of_a_frame_in_flight_is_not_counted() -> None:
    history = await make_history(("ok", "ok", "defect"))
    history.unfinished = 1
    report = await report_on(history)
    assert only(report)
    assert (report.accepted, report.scored, report.alerts, report.in_flight) == (2, 2, 0, 1)


async def test_a_group_that_never_committed_has_accepted_nothing() -> None:
    history = await make_history(FATES)
    report = await check_ledger(await history.written(), history.store, PREFIX, "another")
    assert only(report)
    assert (report.accepted, report.in_flight) == (0, 10)


async def test_a_lost_verdict_is_a_missing_frame() -> None:
    history = await make_history(FATES)
    history.exchange(history.verdict(VerdictKind.OK))
    report = await report_on(history)
    assert only(report, missing=1)
    assert (report.troubles[0].topic, report.troubles[0].partition, report.troubles[0].offset) == (
        TopicKind.FRAMES,
        0,
        0,
    )


async def test_a_lost_dead_letter_is_a_missing_frame() -> None:
    history = await make_history(FATES)
    history.exchange(history.of(TopicKind.DEAD_LETTERS)[0])
    assert only(await report_on(history), missing=1)


async def test_a_frame_with_a_verdict_and_a_dead_letter_is_doubled() -> None:
    history = await make_history(("ok", "no-line", "worker-refused"))
    scored = await make_history(("ok", "no-line", "ok"))
    history.outcomes.append(scored.of(TopicKind.VERDICTS)[1])
    report = await report_on(history)
    assert only(report, doubled=1)
    assert (report.accepted, report.scored, report.dead_lettered) == (3, 1, 1)


@pytest.mark.parametrize(
    "changes",
    [{"frame_id": "another"}, {"frame_sha256": "0" * 64}, {"frame_uid": UUID(int=5)}, {"line": "line-7"}],
    ids=["frame-id", "sha256", "uid", "line"],
)
async def test_a_verdict_with_another_id_has_wrong_ids(changes: dict[str, object]) -> None:
    history = await make_history(FATES)
    verdict = history.verdict(VerdictKind.FAULT)
    history.exchange(verdict, with_verdict(verdict, **changes))
    assert only(await report_on(history), wrong_ids=1)


async def test_changed_bytes_of_a_frame_show_in_its_ids() -> None:
    history = await make_history(("flat",))
    history.frames[0] = replace(history.frames[0], value=png(99))
    assert only(await report_on(history), wrong_ids=1)


async def test_a_verdict_of_nobody_has_wrong_ids() -> None:
    history = await make_history(FATES)
    verdict = history.verdict(VerdictKind.FAULT)
    source = parsed(verdict).source.model_copy(update={"offset": 700})
    history.outcomes.append(with_verdict(verdict, source=source))
    report = await report_on(history)
    assert only(report, wrong_ids=1)
    assert "No frame is at 1/700" in report.troubles[0].sentence


async def test_a_verdict_of_a_partition_that_is_not_there_has_wrong_ids() -> None:
    history = await make_history(FATES)
    verdict = history.verdict(VerdictKind.FAULT)
    source = parsed(verdict).source.model_copy(update={"partition": 9})
    history.outcomes.append(with_verdict(verdict, source=source))
    assert only(await report_on(history), wrong_ids=1)


async def test_a_verdict_of_a_message_that_can_only_be_a_dead_letter_has_wrong_ids() -> None:
    history = await make_history(("no-line", "flat"))
    right = await make_history(("flat", "flat"))
    history.exchange(history.of(TopicKind.DEAD_LETTERS)[0], right.of(TopicKind.VERDICTS)[0])
    assert only(await report_on(history), wrong_ids=1)


async def test_a_verdict_in_another_partition_is_found_by_no_reader() -> None:
    history = await make_history(("flat", "ok"))
    verdict = history.verdict(VerdictKind.FAULT)
    history.exchange(verdict, replace(verdict, partition=1))
    assert only(await report_on(history), wrong_ids=1, missing=1)


async def test_a_dead_letter_with_other_bytes_has_wrong_ids() -> None:
    history = await make_history(FATES)
    letter = history.of(TopicKind.DEAD_LETTERS)[0]
    history.exchange(letter, replace(letter, value=b"other bytes"))
    assert only(await report_on(history), wrong_ids=1)


async def test_a_dead_letter_of_other_bytes_that_it_names_rightly_has_wrong_ids() -> None:
    history = await make_history(("no-line",))
    letter = history.of(TopicKind.DEAD_LETTERS)[0]
    headers = dict(letter.headers) | {"patchline-sha256": sha256(b"other").hexdigest().encode()}
    history.exchange(letter, replace(letter, value=b"other", headers=tuple(headers.items())))
    assert only(await report_on(history), wrong_ids=1)


async def test_a_dead_letter_of_nobody_has_wrong_ids() -> None:
    history, longer = await make_history(("ok",)), await make_history(("ok", "ok", "no-line"))
    history.outcomes += longer.of(TopicKind.DEAD_LETTERS)
    assert only(await report_on(history), wrong_ids=1)


async def test_dead_letters_of_other_topics_are_left_alone() -> None:
    history = await make_history(("no-line",))
    letter = history.of(TopicKind.DEAD_LETTERS)[0]
    headers = dict(letter.headers) | {"patchline-source-topic": b"elsewhere", "patchline-source-offset": b"9"}
    history.outcomes.append(replace(letter, headers=tuple(headers.items())))
    assert only(await report_on(history))


async def test_a_lost_alert_is_missing() -> None:
    history = await make_history(FATES)
    history.exchange(history.of(TopicKind.ALERTS)[0])
    report = await report_on(history)
    assert only(report, alerts_missing=1)
    assert report.alerts == 2


async def test_an_alert_with_other_bytes_is_foreign_and_the_right_one_missing() -> None:
    history = await make_history(FATES)
    alert = history.of(TopicKind.ALERTS)[0]
    history.exchange(alert, replace(alert, value=(alert.value or b"").replace(b"3.0", b"3.1")))
    assert only(await report_on(history), alerts_missing=1, foreign_alerts=1)


async def test_a_repeated_alert_with_other_bytes_is_foreign() -> None:
    history = await make_history(FATES)
    alert = history.of(TopicKind.ALERTS)[0]
    history.exchange(alert, alert, replace(alert, value=(alert.value or b"") + b" "))
    assert only(await report_on(history), foreign_alerts=1)


async def test_an_alert_without_an_alarming_verdict_is_foreign() -> None:
    history, other = await make_history(("ok", "ok")), await make_history(("defect", "ok"))
    history.outcomes += other.of(TopicKind.ALERTS)
    assert only(await report_on(history), foreign_alerts=1)


async def test_an_alert_of_nobody_is_foreign() -> None:
    history = await make_history(("ok",))
    history.outcomes += await an_alert_of_nobody()
    assert only(await report_on(history), foreign_alerts=1)


async def test_an_alert_repeated_to_the_byte_is_clean() -> None:
    history = await make_history(FATES)
    history.outcomes += history.of(TopicKind.ALERTS) * 2
    report = await report_on(history)
    assert only(report)
    assert (report.alerts, report.alerts_repeated) == (3, 6)


async def test_a_dead_letter_repeated_counts_once() -> None:
    history = await make_history(FATES)
    history.outcomes += history.of(TopicKind.DEAD_LETTERS)
    report = await report_on(history)
    assert only(report)
    assert report.dead_lettered == 4


async def test_a_second_verdict_is_superseded_and_clean() -> None:
    history = await make_history(FATES)
    later = with_verdict(history.verdict(VerdictKind.DEFECT), score=9.0)
    history.outcomes.append(later)
    report = await report_on(history)
    assert only(report)
    assert (report.superseded, report.scored) == (1, 5)


async def test_the_alert_of_a_superseded_verdict_is_foreign() -> None:
    history = await make_history(FATES)
    later = with_verdict(history.verdict(VerdictKind.DEFECT), score=9.0)
    alert = history.of(TopicKind.ALERTS)[-1]
    history.outcomes += [later, replace(alert, value=Alert.of(parsed(later)).to_bytes())]
    assert only(await report_on(history), foreign_alerts=1)


async def test_a_deleted_heatmap_is_missing() -> None:
    history = await make_history(FATES)
    verdict = parsed(history.verdict(VerdictKind.REVIEW))
    await history.store.delete(heatmap_key(verdict.line, verdict.frame_uid, verdict.bank_version or ""))
    assert only(await report_on(history), heatmaps_missing=1)


async def test_a_heatmap_url_that_leads_elsewhere_is_a_missing_heatmap() -> None:
    history = await make_history(("ok",))
    verdict = history.verdict(VerdictKind.OK)
    history.exchange(verdict, with_verdict(verdict, heatmap_url="https://page/v1/elsewhere.png"))
    assert only(await report_on(history), heatmaps_missing=1)


async def test_an_alarm_that_cannot_say_where_its_heatmap_is_misses_heatmap_and_alert() -> None:
    history = await make_history(("ok",))
    verdict = history.verdict(VerdictKind.OK)
    history.exchange(verdict, with_verdict(verdict, verdict=VerdictKind.DEFECT))
    assert only(await report_on(history), heatmaps_missing=1, alerts_missing=1)


@pytest.mark.parametrize("changes", [{"epoch": 2}, {"bank_version": "0" * 64}, {"epoch": None}])
async def test_a_verdict_from_a_bank_never_in_force_has_an_unknown_epoch(changes: dict[str, object]) -> None:
    history = await make_history(("ok",))
    verdict = history.verdict(VerdictKind.OK)
    history.exchange(verdict, with_verdict(verdict, **changes))
    assert only(await report_on(history), unknown_epochs=1)


async def test_only_the_first_record_of_an_epoch_counts() -> None:
    history = await make_history(("ok",))
    loser = replace(history.banks[0], value=(history.banks[1].value or b"").replace(b"line-1", b"line-0"))
    history.banks.append(loser)
    assert only(await report_on(history))
    history.banks = [loser, history.banks[0]]
    assert only(await report_on(history), unknown_epochs=1)


@pytest.mark.parametrize("kind", OUTCOMES)
async def test_a_record_that_cannot_be_read_is_named(kind: TopicKind) -> None:
    history = await make_history(FATES)
    history.outcomes.append(Sent(kind, b"line-0", b"{", (), 0))
    report = await report_on(history)
    assert only(report, unreadable=1)
    assert report.troubles[0].topic is kind


async def test_an_unreadable_verdict_leaves_its_frame_missing() -> None:
    history = await make_history(("ok", "flat"))
    verdict = history.verdict(VerdictKind.FAULT)
    history.exchange(verdict, replace(verdict, value=b"{}"))
    assert only(await report_on(history), unreadable=1, missing=1)


async def test_frames_that_expired_before_they_were_committed_are_an_error_of_their_own() -> None:
    history = await make_history(FATES)
    broker = await history.written()
    expire(broker, TopicKind.FRAMES, partition=0, offset=3)
    await commit(broker, {0: 1})
    report = await check_ledger(broker, history.store, PREFIX, GROUP)
    assert only(report, expired_unread=2)
    assert (report.accepted, report.in_flight) == (5, 2)


async def test_outcomes_of_frames_that_expired_after_the_commit_are_not_counted() -> None:
    history = await make_history(FATES)
    broker = await history.written()
    expire(broker, TopicKind.FRAMES, partition=0, offset=4)
    report = await check_ledger(broker, history.store, PREFIX, GROUP)
    assert only(report)
    assert report.accepted == 6


async def test_an_alert_whose_verdict_expired_accuses_nobody() -> None:
    history = await make_history(("defect", "defect", "flat", "flat"))
    broker = await history.written()
    for partition in (0, 1):
        expire(broker, TopicKind.FRAMES, partition=partition, offset=1)
        expire(broker, TopicKind.VERDICTS, partition=partition, offset=1)
    assert only(await check_ledger(broker, history.store, PREFIX, GROUP))


async def test_since_a_moment_only_later_frames_are_checked() -> None:
    history = await make_history(FATES)
    history.exchange(history.verdict(VerdictKind.OK))
    history.outcomes += [Sent(TopicKind.VERDICTS, b"", b"{", (), 0), *(await an_alert_of_nobody())]
    broker = await history.written()
    await asyncio.sleep(0.01)
    since_ms = time.time_ns() // 1_000_000
    more = await make_history(FATES * 2)
    await write(broker, *more.frames[10:], *more.outcomes[len(more.outcomes) // 2 :])
    await commit(broker, {0: 10, 1: 10})
    report = await check_ledger(broker, more.store, PREFIX, GROUP, since_ms=since_ms)
    assert only(report)
    assert report.accepted == 10
    everything = await check_ledger(broker, more.store, PREFIX, GROUP)
    assert only(everything, missing=1, unreadable=1, foreign_alerts=1)


async def test_the_sample_is_bounded_and_the_count_is_not() -> None:
    history = await make_history(("flat",) * (SAMPLE + 5))
    history.outcomes.clear()
    report = await report_on(history)
    assert report.missing == SAMPLE + 5
    assert len(report.troubles) == SAMPLE


async def test_progress_tells_of_every_log_to_its_end() -> None:
    history, told = await make_history(FATES), dict[str, tuple[int, int]]()
    await check_ledger(
        await history.written(),
        history.store,
        PREFIX,
        GROUP,
        progress=lambda what, done, total: told.update({what: (done, total)}),
    )
    assert told == {
        "frames": (10, 10),
        "verdicts": (6, 6),
        "alerts": (3, 3),
        "dead-letters": (4, 4),
        "banks": (2, 2),
        "heatmaps": (3, 3),
    }


async def an_alert_of_nobody() -> list[Sent]:
    """An alert that no frame of a history with these fates has."""
    longer = await make_history((*("ok",) * 40, "defect"))
    return longer.of(TopicKind.ALERTS)


fates = st.lists(st.sampled_from(FATES), min_size=1, max_size=12)
laws = settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@laws
@given(fates, st.integers(0, 10**6), st.integers(0, 3))
def test_no_interleaving_of_a_right_history_is_accused(every: list[str], seed: int, unfinished: int) -> None:
    async def law() -> None:
        history = await make_history(every, unfinished=min(unfinished, len(every)))
        repeats = shuffled(history.outcomes, seed)[: len(every) // 2]
        history.outcomes = shuffled([*history.outcomes, *repeats], seed)
        assert only(await report_on(history))

    asyncio.run(law())


@laws
@given(fates, st.integers(0, 10**6))
def test_no_outcome_can_be_taken_away_unseen(every: list[str], seed: int) -> None:
    async def law() -> None:
        history = await make_history(every)
        history.outcomes = shuffled(history.outcomes, seed)[1:]
        assert not (await report_on(history)).clean

    asyncio.run(law())
