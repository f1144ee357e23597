"""Laws of signed line events: what nobody who may tell it signed ends no command, makes or retires no canary,
begins no maintenance, silences no alert and excuses nothing that is gone; what was told before the keys, or
with one that is replaced, goes on counting."""

from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from schemas.command import ConfirmDefect, FrameRef, SetMaintenance
from schemas.frame import Headers
from schemas.line_event import LineEvent
from schemas.maintenance import MaintenanceWindow
from schemas.reasons import CommandKind, LineEventKind, VerdictKind
from schemas.topics import TopicKind
from service.annals.annals import Annals
from service.banks.activation_writer import utc_now
from service.signing.events import heard
from service.signing.signer import Signer
from service.signing.statement import KeyUse
from service.signing.trust import UNCHECKED, Trust
from service.stream.base import Record
from tests.rebuilder.plant import NOON, Plant, topic
from tests.rebuilder.stains import stained
from tests.signing.keyring import BANKS, COMMANDS, RETENTION, Keyring
from tests.signing.test_commands import SignedPlant
from workers.inspector.maintenance import MaintenanceWatch
from workers.rebuilder.vouching import vouch

EVENTS = topic(TopicKind.LINE_EVENTS)


@pytest.fixture
async def signed(tmp_path: Path, ring: Keyring) -> SignedPlant:
    plant = SignedPlant(tmp_path, ring)
    await plant.train_signed()
    return plant


def result(kind: CommandKind, frame: FrameRef | None = None, command: UUID | None = None) -> LineEvent:
    return LineEvent(
        kind=LineEventKind.COMMAND_DONE,
        line="line1",
        sentence="forged, or told long ago",
        command_id=command or uuid4(),
        command_kind=kind,
        actor="mallory",
        frames=None if frame is None else (frame,),
        at=NOON,
    )


async def put(plant: Plant, event: LineEvent, signer: Signer | None = None) -> None:
    value = event.to_bytes()
    headers = () if signer is None else signer.event(event.line, value)
    producer = await plant.broker.producer()
    await producer.send(EVENTS, key=event.line.encode(), value=value, headers=headers)


async def annals(plant: Plant, trust: Trust) -> Annals:
    reader, made = await plant.broker.reader(EVENTS), Annals()
    for record in await reader.poll(timeout_ms=0, max_records=10_000):
        if (event := heard(record, trust)) is not None:
            made.tell(event)
    await reader.close()
    return made


async def test_a_strangers_event_ends_no_command_and_retires_no_canary(signed: SignedPlant) -> None:
    ref = await signed.frame(40, data=stained(40))
    confirm = ConfirmDefect(command_id=uuid4(), line="line1", actor="eve", issued_at=NOON, frame=ref)
    stranger = Keyring(signed.ring.folder.parent / "stranger").new("plant", BANKS)
    forged = result(CommandKind.CONFIRM_DEFECT, command=confirm.command_id)
    # A rebuilder's own first event: from here on the installation signs.
    await put(signed, result(CommandKind.REBUILD), signed.ring.signing("plant").signer)
    for signer in (None, stranger):
        await put(signed, forged, signer)
    await signed.send_signed(confirm)
    async with signed.rebuilder():
        told = await signed.told(LineEventKind.COMMAND_DONE, 4)
    assert told[-1].actor == "eve"
    for signer in (None, stranger):
        retired = ref.model_copy(update={"model": "default"})
        await put(signed, result(CommandKind.RETIRE_CANARY, retired), signer)
    made = await annals(signed, signed.ring.trust())
    assert [frame.frame_uid for frame in made.canaries("line1", "default")] == [ref.frame_uid]


async def test_what_was_told_before_the_keys_counts_and_a_stranger_comes_too_late(
    tmp_path: Path, ring: Keyring
) -> None:
    plant = Plant(tmp_path)
    await plant.set_up()
    before, after = await plant.frame(40, model="default"), await plant.frame(41, model="default")
    await put(plant, result(CommandKind.CONFIRM_DEFECT, before))
    ring.new("plant", BANKS)
    signatures = ring.signing("plant")
    assert await vouch(plant.broker, EVENTS, signatures) == 1
    await put(plant, result(CommandKind.CONFIRM_DEFECT, after))
    assert await vouch(plant.broker, EVENTS, signatures) == 0
    made = await annals(plant, ring.trust())
    assert [frame.frame_uid for frame in made.canaries("line1", "default")] == [before.frame_uid]


async def test_a_key_can_be_replaced_without_losing_what_it_told(tmp_path: Path, ring: Keyring) -> None:
    plant = Plant(tmp_path)
    await plant.set_up()
    old, new = ring.new("plant", BANKS), ring.new("next", BANKS)
    frames = [await plant.frame(seed, model="default") for seed in (40, 41)]
    for frame in frames:
        await put(plant, result(CommandKind.CONFIRM_DEFECT, frame), old)
    await put(plant, result(CommandKind.RETIRE_CANARY, frames[0]), old)
    assert await vouch(plant.broker, EVENTS, ring.signing("next")) == 3
    await put(plant, result(CommandKind.CONFIRM_DEFECT, frames[0]), new)
    uids = [frame.frame_uid for frame in reversed(frames)]
    for forgotten in (False, True):
        if forgotten:
            ring.forget("plant", BANKS)
        made = await annals(plant, ring.trust())
        assert [frame.frame_uid for frame in made.canaries("line1", "default")] == uids


async def test_an_inspector_hears_of_maintenance_from_a_rebuilder_alone(
    tmp_path: Path, ring: Keyring
) -> None:
    plant = SignedPlant(tmp_path, ring)
    await plant.train_signed()
    now = utc_now()
    window = MaintenanceWindow(start=now, end=now + timedelta(hours=1))
    forged = result(CommandKind.SET_MAINTENANCE).model_copy(update={"maintenance": window})
    await put(plant, result(CommandKind.REBUILD), ring.signing("plant").signer)
    await put(plant, forged)
    watch = MaintenanceWatch(await plant.broker.reader(EVENTS), EVENTS, ring.trust())
    await watch.catch_up()
    moment = int(now.timestamp() * 1000) + 1000
    assert not watch.covers("line1", moment)
    more = {"line": "line1", "actor": "ann", "issued_at": now, "start": now, "end": window.end}
    await plant.send_signed(SetMaintenance.model_validate({"command_id": uuid4(), **more}))
    async with plant.rebuilder():
        await plant.told(LineEventKind.COMMAND_DONE, 3)
    await watch.catch_up()
    assert watch.covers("line1", moment)
    await watch.close()


def told(kind: LineEventKind, **facts: object) -> LineEvent:
    return LineEvent.model_validate({"kind": kind, "line": "line1", "sentence": "told", "at": NOON, **facts})


EXPIRED = {"expired_before": {VerdictKind.OK: NOON}}
TELLERS = [
    (told(LineEventKind.COMMAND_DONE, command_id=UUID(int=1)), BANKS),
    (told(LineEventKind.BUILD_PROGRESS, command_id=UUID(int=1)), BANKS),
    (told(LineEventKind.SNOOZED, until=NOON), COMMANDS),
    (told(LineEventKind.ALERT_CLOSED, alert_id=UUID(int=2)), COMMANDS),
    (told(LineEventKind.RETENTION, **EXPIRED), RETENTION),
    # Whatever it calls itself: what counts for the ledger is what it says.
    (told(LineEventKind.CAMERA, **EXPIRED), RETENTION),
]


@pytest.mark.parametrize(("event", "teller"), TELLERS, ids=lambda given: getattr(given, "kind", given))
def test_what_has_power_is_heard_from_the_program_alone_that_may_tell_it(
    ring: Keyring, event: LineEvent, teller: KeyUse
) -> None:
    signers = {use: ring.new("ours", use) for use in KeyUse}
    stranger = Keyring(ring.folder.parent / "stranger").new("ours", teller)
    trust, value = ring.trust(), event.to_bytes()

    def hears(headers: Headers) -> bool:
        return heard(Record(EVENTS, 0, 0, 0, b"line1", value, headers), trust) == event

    assert {use: hears(signer.event("line1", value)) for use, signer in signers.items()} == {
        use: use is teller for use in KeyUse
    }
    assert not hears(())
    assert not hears(stranger.event("line1", value))
    assert not hears(signers[teller].event("line2", value))
    # A signature over a record of the topic that the key is for is none over an event.
    assert not hears(signers[teller].record("line1", value))
    assert heard(Record(EVENTS, 0, 0, 0, b"line1", value, ()), UNCHECKED) == event


async def test_what_the_page_signed_before_the_rebuilder_had_its_key_hides_no_result(
    tmp_path: Path, ring: Keyring
) -> None:
    plant = Plant(tmp_path)
    await plant.set_up()
    before = await plant.frame(40, model="default")
    await put(plant, result(CommandKind.CONFIRM_DEFECT, before))
    page = ring.new("page", COMMANDS)
    await put(plant, told(LineEventKind.SNOOZED, until=NOON), page)
    ring.new("plant", BANKS)
    assert await vouch(plant.broker, EVENTS, ring.signing("plant")) == 1
