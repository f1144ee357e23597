"""Laws of the inspector: one effective verdict for every accepted frame, whatever happens meanwhile."""

import asyncio
import os
import signal
from collections.abc import Sequence
from uuid import UUID

import pytest
from prometheus_client import REGISTRY

from schemas.alert import Alert
from schemas.frame import Headers
from schemas.ids import frame_uid, sha256_hex
from schemas.line_event import LineEvent
from schemas.reasons import DeadLetterReason, FaultReason, LineEventKind, VerdictKind
from schemas.topics import TopicKind
from schemas.verdict import Verdict
from service.banks.redis_client import redis_client
from service.store.keys import bank_key, frame_key, heatmap_key
from tests.extraction.lines import DEFECTIVE, GOOD, taught
from tests.inspector.plant import Plant
from tests.parts import draw_part, encode_png
from workers.extraction.client import ExtractionClient
from workers.extraction.protocol import FrameIn, Outcome
from workers.inspector.tries import MAX_TRIES, RedisTries

POISON = encode_png(draw_part(666, size=(128, 128)))


async def test_each_frame_gets_one_verdict_beside_its_frame_and_a_defect_its_alert(plant: Plant) -> None:
    await plant.put_in_force("line1")
    async with plant.inspecting():
        for number in range(6):
            data = DEFECTIVE if number == 3 else encode_png(draw_part(100 + number, size=(128, 128)))
            await plant.send("line1", data, number % 2, (("frame-id", f"part-{number}".encode()),))
        verdicts = await plant.verdicts(6)
        await plant.alerts(1)
    records = await plant.records(TopicKind.VERDICTS)
    assert sorted(verdict.frame_id for verdict in verdicts) == [f"part-{number}" for number in range(6)]
    for record in records:
        assert record.partition == Verdict.from_bytes(record.value or b"").source.partition
    assert await plant.committed() == {0: 3, 1: 3}
    flagged = {verdict.frame_id: verdict for verdict in verdicts if verdict.alarming}
    assert flagged["part-3"].verdict == VerdictKind.DEFECT
    alerts = {alert.frame_id: alert for alert in await plant.alerts(len(flagged))}
    assert alerts == {name: Alert.of(verdict) for name, verdict in flagged.items()}
    for verdict in verdicts:
        assert verdict.frame_uid == frame_uid("line1", verdict.frame_id, verdict.frame_sha256)
        assert (
            sha256_hex(await plant.store.get(frame_key("line1", verdict.frame_uid))) == verdict.frame_sha256
        )
    defect = flagged["part-3"]
    assert await plant.store.exists(heatmap_key("line1", defect.frame_uid, defect.bank_version or ""))


BAD_MESSAGES: Sequence[tuple[str | None, bytes | None, Headers, DeadLetterReason]] = (
    ("line1", b"no image", (), DeadLetterReason.NOT_AN_IMAGE),
    ("line1", b"", (), DeadLetterReason.EMPTY),
    ("line1", GOOD[:-30], (), DeadLetterReason.TRUNCATED),
    ("Line One", GOOD, (), DeadLetterReason.BAD_LINE_ID),
    (None, GOOD, (), DeadLetterReason.BAD_LINE_ID),
    ("line1", GOOD, (("frame-id", b"a/b"),), DeadLetterReason.BAD_HEADER),
    (
        "line1",
        None,
        (("frame-ref", b"store/none"), ("frame-sha256", b"0" * 64)),
        DeadLetterReason.BAD_REFERENCE,
    ),
    ("line1", None, (("frame-ref", b"no-slash"),), DeadLetterReason.BAD_HEADER),
)


async def test_a_bad_message_is_set_aside_with_its_bytes_and_the_partition_moves_on(plant: Plant) -> None:
    for line, data, headers, _ in BAD_MESSAGES:
        await plant.send(line, data, 0, headers)
    await plant.send("untaught", GOOD, 0)
    async with plant.inspecting():
        letters = await plant.dead_letters(len(BAD_MESSAGES))
        (verdict,) = await plant.verdicts(1)
    by_offset = {letter.source_offset: (letter, record) for letter, record in letters}
    for offset, (_, data, _, reason) in enumerate(BAD_MESSAGES):
        letter, record = by_offset[offset]
        assert (letter.reason, letter.source_partition) == (reason, 0)
        assert (record.value or b"") == (data or b"")
    assert verdict.source.offset == len(BAD_MESSAGES)
    assert (await plant.committed())[0] == len(BAD_MESSAGES) + 1


async def test_a_line_without_a_bank_is_a_fault_and_its_frame_is_kept(plant: Plant) -> None:
    async with plant.inspecting():
        await plant.send("untaught", GOOD)
        (verdict,) = await plant.verdicts(1)
    assert (verdict.verdict, verdict.reason) == (VerdictKind.FAULT, FaultReason.NO_BANK)
    assert await plant.store.get(frame_key("untaught", verdict.frame_uid)) == GOOD


async def test_a_frame_by_reference_is_inspected(plant: Plant) -> None:
    await plant.put_in_force("line1")
    await plant.store.put("camera/part.png", GOOD)
    headers = (("frame-ref", b"store/camera/part.png"), ("frame-sha256", sha256_hex(GOOD).encode()))
    async with plant.inspecting():
        await plant.send("line1", None, 0, headers)
        (verdict,) = await plant.verdicts(1)
    assert verdict.frame_sha256 == sha256_hex(GOOD)
    assert verdict.score is not None


async def test_a_dead_letter_too_large_for_a_message_is_kept_in_the_store(plant: Plant) -> None:
    # A header that promises a picture, and nine megabytes that are none.
    data = GOOD[:200] + bytes(9_000_000) + GOOD[-12:]
    await plant.store.put("camera/large.png", data)
    headers = (("frame-ref", b"store/camera/large.png"), ("frame-sha256", sha256_hex(data).encode()))
    async with plant.inspecting():
        await plant.send("line1", None, 0, headers)
        ((letter, record),) = await plant.dead_letters(1)
    assert letter.reason in (DeadLetterReason.UNDECODABLE, DeadLetterReason.TRUNCATED)
    assert record.value is None
    assert letter.original_ref is not None
    assert await plant.store.get(letter.original_ref.removeprefix("store/")) == data
    assert letter.sha256 == sha256_hex(data)


async def test_a_frame_whose_verdict_is_in_the_log_is_not_scored_again_and_its_alert_is_made_again(
    plant: Plant,
) -> None:
    await plant.put_in_force("line1")
    await plant.send("line1", DEFECTIVE)
    async with plant.inspecting():
        await plant.verdicts(1)
        (first,) = await plant.alerts(1)
    # As if the inspector had died between the verdict and the commit.
    group = await plant.broker.join(plant.topic(TopicKind.FRAMES), plant.settings.inspector.group)
    await group.poll(timeout_ms=500, max_records=1)
    assert await group.commit({0: 0}, generation=group.generation)
    await group.close()
    async with plant.inspecting():
        again = await plant.alerts(2)
    assert again == [first, first]
    assert len(await plant.records(TopicKind.VERDICTS)) == 1
    assert (await plant.committed())[0] == 1


async def test_a_new_epoch_is_in_force_while_frames_flow(plant: Plant) -> None:
    await plant.put_in_force("line1")
    async with plant.inspecting():
        await plant.send("line1", GOOD)
        (first,) = await plant.verdicts(1)
        await plant.put_in_force("line1", parts=20)
        epochs = [first.epoch]
        while epochs[-1] != 2:
            await plant.send("line1", GOOD)
            epochs.append((await plant.verdicts(len(epochs) + 1))[-1].epoch)
    assert epochs == sorted(e for e in epochs if e is not None)


async def test_a_worker_that_dies_takes_no_frame_with_it(
    plant: Plant, monkeypatch: pytest.MonkeyPatch
) -> None:
    await plant.put_in_force("line1")
    pids: list[int] = []
    score = ExtractionClient.score

    async def killed_once(self: ExtractionClient, frames: Sequence[FrameIn], timeout: float) -> list[Outcome]:
        if not pids:
            pids.append(self.pid)
            os.kill(self.pid, signal.SIGKILL)
        return await score(self, frames, timeout)

    monkeypatch.setattr(ExtractionClient, "score", killed_once)
    async with plant.inspecting():
        for _ in range(5):
            await plant.send("line1", GOOD)
        verdicts = await plant.verdicts(5)
    assert sorted(verdict.source.offset for verdict in verdicts) == [0, 1, 2, 3, 4]
    assert {verdict.verdict for verdict in verdicts} <= {VerdictKind.OK, VerdictKind.REVIEW}


async def test_a_frame_that_kills_the_worker_is_set_aside_after_three_tries_of_its_own(
    plant: Plant, monkeypatch: pytest.MonkeyPatch
) -> None:
    await plant.put_in_force("line1")
    alone: list[UUID] = []
    score = ExtractionClient.score

    async def poisoned(self: ExtractionClient, frames: Sequence[FrameIn], timeout: float) -> list[Outcome]:
        if any(frame.data == POISON for frame in frames):
            alone.extend([UUID(int=0)] * (len(frames) == 1))
            os.kill(self.pid, signal.SIGKILL)
        return await score(self, frames, timeout)

    monkeypatch.setattr(ExtractionClient, "score", poisoned)
    await plant.send("line1", GOOD)
    await plant.send("line1", POISON)
    await plant.send("line1", GOOD)
    async with plant.inspecting():
        ((letter, record),) = await plant.dead_letters(1)
        verdicts = await plant.verdicts(2)
    assert letter.reason == DeadLetterReason.KILLS_WORKER
    assert record.value == POISON
    assert len(alone) == MAX_TRIES
    assert sorted(verdict.source.offset for verdict in verdicts) == [0, 2]


async def test_a_frame_that_took_three_inspectors_with_it_is_set_aside_untried(
    plant: Plant, monkeypatch: pytest.MonkeyPatch
) -> None:
    await plant.put_in_force("line1")
    deadly = encode_png(draw_part(667, size=(128, 128)))
    uid = frame_uid("line1", "deadly", sha256_hex(deadly))
    redis = redis_client(plant.settings.redis)
    for _ in range(MAX_TRIES):
        # What an inspector leaves behind that is killed together with its worker.
        died = RedisTries(redis)
        await died.enter([uid])
        await died.begin(uid)
    await redis.aclose()
    score = ExtractionClient.score

    async def watched(self: ExtractionClient, frames: Sequence[FrameIn], timeout: float) -> list[Outcome]:
        assert all(frame.data != deadly for frame in frames)
        return await score(self, frames, timeout)

    monkeypatch.setattr(ExtractionClient, "score", watched)
    await plant.send("line1", deadly, 0, (("frame-id", b"deadly"),))
    await plant.send("line1", GOOD)
    async with plant.inspecting():
        ((letter, _),) = await plant.dead_letters(1)
        await plant.verdicts(1)
    assert letter.reason == DeadLetterReason.KILLS_WORKER


async def test_a_bank_whose_bytes_cannot_be_had_yet_is_waited_for_and_never_no_bank(plant: Plant) -> None:
    # A line of its own: other tests leave their banks in the cache.
    await plant.put_in_force("waiting")
    built = taught("waiting")
    key = bank_key("waiting", "default", built.version)
    await plant.store.delete(key)
    async with plant.inspecting():
        await plant.send("waiting", GOOD, 0)
        await plant.send("untaught", GOOD, 1)
        (other,) = await plant.verdicts(1)
        assert other.line == "untaught"
        await asyncio.sleep(1.0)
        assert len(await plant.records(TopicKind.VERDICTS)) == 1
        await plant.store.put(key, built.data)
        verdicts = await plant.verdicts(2)
    (waited,) = [verdict for verdict in verdicts if verdict.line == "waiting"]
    assert waited.score is not None
    assert waited.epoch == 1


async def test_an_activation_with_spoilt_bytes_leaves_the_old_bank_in_force_and_says_so(plant: Plant) -> None:
    await plant.put_in_force("spoilt")
    async with plant.inspecting():
        await plant.send("spoilt", GOOD)
        await plant.verdicts(1)
        await plant.put_in_force("spoilt", parts=20, spoil=True)
        async with asyncio.timeout(30):
            while _gauge("patchline_bank_stale", line="spoilt") != 1:  # noqa: ASYNC110 - gauges signal nothing
                await asyncio.sleep(0.05)
        await plant.send("spoilt", GOOD)
        verdicts = await plant.verdicts(2)
        async with asyncio.timeout(30):
            while not (told := await plant.records(TopicKind.LINE_EVENTS)):  # noqa: ASYNC110 - as above
                await asyncio.sleep(0.05)
    assert [verdict.epoch for verdict in verdicts] == [1, 1]
    (event,) = (LineEvent.from_bytes(record.value or b"") for record in told)
    assert (event.kind, event.line) == (LineEventKind.BANK_STALE, "spoilt")
    assert "cannot load epoch 2 and goes on with epoch 1: " in event.sentence


def _gauge(name: str, **labels: str) -> float | None:
    return REGISTRY.get_sample_value(name, labels)
