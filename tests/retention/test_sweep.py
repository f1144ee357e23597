"""Retention removes what is due and nothing else, tells before it removes, and the ledger goes on holding."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.command import ApproveGood, FrameRef
from schemas.line_event import LineEvent
from schemas.reasons import LineEventKind, VerdictKind
from schemas.topics import TOPICS, TopicKind
from schemas.verdict import Verdict
from service.ledger.expiry import read_expiry
from service.letters.selection import every_record
from service.retention.index import RetentionIndex
from service.retention.report import read_report
from service.retention.sample import in_sample
from service.retention.sweep import Sweeper
from service.settings import RetentionSettings
from service.signing.signer import Signer
from service.signing.trust import UNCHECKED, Trust
from service.store.keys import canary_key, frame_key, heatmap_key, part_key
from tests.signing.keyring import BANKS, COMMANDS, RETENTION, Keyring
from tests.web.plant import Plant, version_of

NOW = datetime.now(UTC) + timedelta(days=100)
DAYS = RetentionSettings(ok_days=7, review_days=30, defect_days=90, fault_days=14)


class Scene:
    """A plant whose frames have an age, and a sweeper over it."""

    def __init__(self, plant: Plant, folder: Path, trust: Trust = UNCHECKED, **changes: Any) -> None:
        self.plant = plant
        retention = DAYS.model_copy(update=changes)
        self.settings = plant.settings.model_copy(update={"retention": retention})
        self.index = RetentionIndex(folder / "retention.sqlite", trust)

    async def judged(self, kind: VerdictKind, days: float, **facts: Any) -> Verdict:
        """A frame that was judged so many days before now, with a heatmap when it alarms."""
        verdict = await self.plant.judge("a", kind, inspected_at=NOW - timedelta(days=days), **facts)
        if verdict.alarming:
            await self.plant.store.put(heatmap_key("a", verdict.frame_uid, version_of("a", 1)), b"png" * 10)
        return verdict

    async def sweep(self, signer: Signer | None = None) -> Any:
        producer = await self.plant.broker.producer()
        sweeper = Sweeper(self.settings, self.plant.broker, producer, self.plant.store, self.index, signer)
        return await sweeper.sweep(NOW)

    async def stored(self, *verdicts: Verdict) -> list[bool]:
        return [await self.plant.store.exists(frame_key("a", one.frame_uid)) for one in verdicts]

    async def told(self) -> list[LineEvent]:
        topic = TOPICS[TopicKind.LINE_EVENTS].name(self.plant.settings.kafka.topic_prefix)
        records = [record async for record in every_record(self.plant.broker, topic)]
        return [LineEvent.from_bytes(record.value or b"") for record in records]

    async def approve(self, *verdicts: Verdict, signer: Signer | None = None) -> ApproveGood:
        frames = tuple(
            FrameRef(frame_uid=one.frame_uid, frame_id=one.frame_id, frame_sha256=one.frame_sha256)
            for one in verdicts
        )
        stamp = {"command_id": uuid4(), "line": "a", "actor": "ann", "issued_at": NOW - timedelta(days=2)}
        command = ApproveGood(frames=frames, **stamp)
        headers = () if signer is None else signer.record("a", command.to_bytes())
        await self.plant.write(TopicKind.COMMANDS, "a", command, headers=headers)
        return command


@pytest.fixture
async def scene(plant: Plant, tmp_path: Path) -> AsyncIterator[Scene]:
    made = Scene(plant, tmp_path)
    yield made
    made.index.close()


async def test_each_class_goes_at_its_own_age_and_copies_never_do(scene: Scene) -> None:
    kinds = (VerdictKind.OK, VerdictKind.REVIEW, VerdictKind.DEFECT, VerdictKind.FAULT)
    old = [await scene.judged(kind, days) for kind, days in zip(kinds, (8, 31, 91, 15), strict=True)]
    young = [await scene.judged(kind, days) for kind, days in zip(kinds, (6, 29, 89, 13), strict=True)]
    kept = [part_key("a", "default", "0" * 64), canary_key("a", "default", "0" * 64), "banks/a/default/x"]
    for key in kept:
        await scene.plant.store.put(key, b"copy")
    report = await scene.sweep()
    assert await scene.stored(*old) == [False] * 4
    assert await scene.stored(*young) == [True] * 4
    assert [await scene.plant.store.exists(key) for key in kept] == [True] * 3
    heatmap = heatmap_key("a", old[2].frame_uid, version_of("a", 1))
    assert not await scene.plant.store.exists(heatmap)
    assert (report.classes["defect"].removed, report.classes["ok"].removed) == (2, 1)
    assert report.classes["ok"].objects == 1
    assert await read_report(scene.plant.store) == report


async def test_what_is_removed_was_told_before_as_a_horizon_of_the_line(scene: Scene) -> None:
    gone = await scene.judged(VerdictKind.DEFECT, 91)
    await scene.judged(VerdictKind.OK, 1)
    await scene.sweep()
    (event,) = await scene.told()
    assert (event.kind, event.line) == (LineEventKind.RETENTION, "a")
    assert event.expired_before is not None
    assert list(event.expired_before) == [VerdictKind.DEFECT]
    assert event.expired_before[VerdictKind.DEFECT] > gone.inspected_at
    topic = TOPICS[TopicKind.LINE_EVENTS].name(scene.plant.settings.kafka.topic_prefix)
    (row,) = await read_expiry(scene.plant.broker, topic)
    assert (row.line, row.kind) == ("a", "defect")
    await scene.sweep()
    assert len(await scene.told()) == 1


async def test_a_frame_that_was_just_answered_stays_until_its_command_has_a_result(scene: Scene) -> None:
    asked, other = await scene.judged(VerdictKind.OK, 8), await scene.judged(VerdictKind.OK, 8)
    command = await scene.approve(asked)
    await scene.sweep()
    assert await scene.stored(asked, other) == [True, False]
    await scene.plant.answer("a", str(command.command_id), epoch=2)
    await scene.sweep()
    assert await scene.stored(asked) == [False]


async def test_a_frame_without_a_verdict_is_not_touched(scene: Scene) -> None:
    uid = uuid4()
    await scene.plant.store.put(frame_key("a", uid), b"picture")
    await scene.judged(VerdictKind.OK, 8)
    now = datetime.now(UTC)
    producer = await scene.plant.broker.producer()
    sweeper = Sweeper(scene.settings, scene.plant.broker, producer, scene.plant.store, scene.index)
    await sweeper.sweep(now)
    assert await scene.plant.store.exists(frame_key("a", uid))


async def test_past_the_bound_the_oldest_of_the_least_go_first(plant: Plant, tmp_path: Path) -> None:
    scene = Scene(plant, tmp_path, max_bytes=3_000)
    data = [bytes([number]) * 1_000 for number in range(5)]
    defect = await scene.judged(VerdictKind.DEFECT, 5, data=data[0])
    old = await scene.judged(VerdictKind.OK, 3, data=data[1])
    new = await scene.judged(VerdictKind.OK, 2, data=data[2])
    fresh = await scene.judged(VerdictKind.OK, 0.01, data=data[3])
    await scene.sweep()
    assert await scene.stored(defect, old, new, fresh) == [True, False, False, True]
    scene.index.close()


async def test_a_sweeper_that_was_restarted_remembers_verdicts_that_expired(
    scene: Scene, tmp_path: Path
) -> None:
    await scene.judged(VerdictKind.DEFECT, 5)
    await scene.sweep()
    again = Scene(scene.plant, tmp_path)
    topic = TOPICS[TopicKind.VERDICTS].name(scene.plant.settings.kafka.topic_prefix)
    assert any(again.index.position(topic, partition) for partition in (0, 1))
    report = await again.sweep()
    assert report.classes["defect"].objects == 2
    again.index.close()


@given(st.uuids(), st.floats(0.01, 1), st.floats(0.01, 1))
def test_a_larger_sample_keeps_all_that_a_smaller_one_does(uid: UUID, one: float, other: float) -> None:
    low, high = sorted((one, other))
    assert in_sample(uid, high) or not in_sample(uid, low)
    assert in_sample(uid, 1.0)


async def test_with_keys_retention_alone_excuses_what_is_gone(plant: Plant, tmp_path: Path) -> None:
    ring = Keyring(tmp_path / "keys")
    signer, trust = ring.new("plant", RETENTION), ring.trust()
    scene = Scene(plant, tmp_path, trust)
    topic = TOPICS[TopicKind.LINE_EVENTS].name(plant.settings.kafka.topic_prefix)
    forged = LineEvent(
        kind=LineEventKind.RETENTION,
        line="a",
        sentence="all of it",
        expired_before={VerdictKind.DEFECT: NOW},
        at=NOW,
    )
    await plant.write(TopicKind.LINE_EVENTS, "a", forged)
    assert await read_expiry(plant.broker, topic, trust) == []
    await scene.judged(VerdictKind.OK, 8)
    await scene.sweep(signer)
    assert {row.kind for row in await read_expiry(plant.broker, topic, trust)} == {VerdictKind.OK}
    scene.index.close()


async def test_with_keys_a_strangers_result_frees_no_frame_and_his_command_holds_none(
    plant: Plant, tmp_path: Path
) -> None:
    ring = Keyring(tmp_path / "keys")
    page, _ = ring.new("page", COMMANDS), ring.new("plant", BANKS)
    scene = Scene(plant, tmp_path, ring.trust())
    asked, other = await scene.judged(VerdictKind.OK, 8), await scene.judged(VerdictKind.OK, 8)
    command = await scene.approve(asked, signer=page)
    await scene.approve(other)
    await plant.answer("a", str(command.command_id), epoch=2)
    await scene.sweep()
    assert await scene.stored(asked, other) == [True, False]
    scene.index.close()
