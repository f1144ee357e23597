"""Laws of signed commands: what nobody who is trusted signed is not even read, and its line is told."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from uuid import uuid4

import pytest

from schemas.command import AnyCommand, Rollback
from schemas.frame import Headers
from schemas.line_event import LineEvent
from schemas.reasons import LineEventKind
from schemas.topics import TopicKind
from service.banks.activation_log import Entry
from service.banks.activation_reader import ActivationFollower
from service.signing.refusal import SignatureFault
from service.signing.signer import Signer
from service.training.publish import open_outlets, publish_bank
from tests.rebuilder.plant import NOON, PATIENCE, PREFIX, Plant, approve, taught, topic
from tests.signing.keyring import BANKS, COMMANDS, Keyring, with_keys
from tests.training.parts import good_parts


class SignedPlant(Plant):
    """A plant with keys: ``plant`` for banks and ``page`` for commands."""

    def __init__(self, folder: Path, ring: Keyring) -> None:
        super().__init__(folder)
        self.ring = ring
        ring.new("plant", BANKS)
        self.page = ring.new("page", COMMANDS)
        self.settings = with_keys(self.settings, ring)

    async def train_signed(self, count: int = 8) -> None:
        await self.set_up("other")
        parts = good_parts(count)
        frames = {part.sha256: part.data for part in parts}
        signing = self.ring.signing("plant")
        async with open_outlets(self.broker, self.store, self.cache, PREFIX, signing) as outlets:
            await publish_bank(outlets, taught("line1", "default", count), frames, actor="train")

    async def send_signed(self, command: AnyCommand, signer: Signer | None = None) -> None:
        value = command.to_bytes()
        await self.send_with(command.line, value, (signer or self.page).record(command.line, value))

    async def send_with(self, line: str, value: bytes, headers: Headers) -> None:
        producer = await self.broker.producer()
        await producer.send(topic(TopicKind.COMMANDS), key=line.encode(), value=value, headers=headers)

    async def told(self, kind: LineEventKind, count: int = 1) -> Sequence[LineEvent]:
        async with asyncio.timeout(PATIENCE):
            while True:
                found = [event for event in await self.events() if event.kind is kind]
                if len(found) >= count:
                    return found
                await asyncio.sleep(0.02)


@pytest.fixture
async def signed(tmp_path: Path, ring: Keyring) -> SignedPlant:
    plant = SignedPlant(tmp_path, ring)
    await plant.train_signed()
    return plant


async def test_a_signed_command_is_carried_out_and_what_it_makes_is_signed(signed: SignedPlant) -> None:
    command = approve(await signed.frame(200))
    await signed.send_signed(command)
    async with signed.rebuilder():
        results = await signed.results(1)
    assert results[command.command_id].kind is LineEventKind.COMMAND_DONE
    log = await signed_log(signed)
    assert [entry.fault for entry in log] == [None, None]


async def signed_log(plant: SignedPlant) -> Sequence[Entry]:
    name = topic(TopicKind.BANKS)
    follower = ActivationFollower(await plant.broker.reader(name), name, trust=plant.ring.trust())
    await follower.read_to_end()
    return follower.log.history("line1")


async def test_a_command_without_a_good_signature_is_not_read_and_its_line_is_told(
    signed: SignedPlant,
) -> None:
    command = approve(await signed.frame(200))
    value = command.to_bytes()
    stranger = Keyring(signed.ring.folder.parent / "stranger").new("page", COMMANDS)
    plant = signed.ring.signing("plant").signer
    assert plant is not None
    spoilt: list[tuple[bytes, Headers]] = [
        (value, ()),
        (b"no command at all", ()),
        (value, stranger.record("line1", value)),
        (value, plant.record("line1", value)),
        (value.replace(b"ann", b"bob"), signed.page.record("line1", value)),
        (value, signed.page.record("other", value)),
    ]
    for data, headers in spoilt:
        await signed.send_with("line1", data, headers)
    async with signed.rebuilder():
        (event,) = await signed.told(LineEventKind.UNTRUSTED)
        assert await signed.committed(len(spoilt)) == len(spoilt)
    assert event.line == "line1"
    assert SignatureFault.MISSING.sentence in event.sentence
    assert [event.kind for event in await signed.events()] == [LineEventKind.UNTRUSTED]
    assert len(await signed.history()) == 1


async def test_a_signed_command_that_is_sent_again_does_nothing(signed: SignedPlant) -> None:
    command = approve(await signed.frame(200))
    for _ in range(2):
        await signed.send_signed(command)
    async with signed.rebuilder():
        await signed.results(1)
        assert await signed.committed(2) == 2
    await signed.send_signed(command)
    async with signed.rebuilder():
        assert await signed.committed(3) == 3
    assert len(await signed.history()) == 2


async def test_a_line_whose_epoch_a_stranger_burnt_goes_on_learning_and_can_go_back(
    signed: SignedPlant,
) -> None:
    (first,) = await signed.history()
    async with open_outlets(signed.broker, signed.store, signed.cache, PREFIX) as outlets:
        await publish_bank(outlets, taught("line1", "default", 9), {}, actor="stranger")
    command = approve(await signed.frame(200))
    await signed.send_signed(command)
    async with signed.rebuilder():
        done = (await signed.results(1))[command.command_id]
        assert (done.kind, done.epoch) == (LineEventKind.COMMAND_DONE, 3)
        back = Rollback(command_id=uuid4(), line="line1", actor="ann", issued_at=NOON, to_epoch=1)
        await signed.send_signed(back)
        again = (await signed.results(2))[back.command_id]
    assert (again.kind, again.version) == (LineEventKind.COMMAND_DONE, first.version)


async def test_commands_signed_with_an_older_key_count_until_it_is_taken_out(signed: SignedPlant) -> None:
    new = signed.ring.new("page2", COMMANDS)
    one, two = approve(await signed.frame(200)), approve(await signed.frame(201))
    await signed.send_signed(one)
    await signed.send_signed(two, new)
    async with signed.rebuilder():
        results = await signed.results(2)
    assert {event.kind for event in results.values()} == {LineEventKind.COMMAND_DONE}
