"""Rebuilders as real processes on a real broker: stopped, killed and come back, they never tear a line."""

import asyncio
import signal
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from uuid import uuid4

import numpy as np
import pytest
from confluent_kafka import Producer

from schemas.activation import Activated
from schemas.command import AnyCommand, ApproveGood, FrameRef, Rebuild
from schemas.ids import frame_uid, sha256_hex
from schemas.line_event import LineEvent
from schemas.reasons import LineEventKind
from service.banks.activation_reader import ActivationFollower
from service.banks.bank_file import read_bank
from service.banks.cache import MemoryCache
from service.banks.manifest import PartEntry
from service.settings import environment_of
from service.store import open_store
from service.store.keys import bank_key, frame_key, part_key
from service.stream.kafka_broker import KafkaBroker
from service.training.built import BuiltBank
from service.training.features import FeatureCache
from service.training.publish import open_outlets, publish_bank
from service.training.thresholds import Rates
from tests.faults.form import LONG
from tests.harness.processes import Program
from tests.harness.topics import unique_prefix
from tests.parts import draw_part, encode_png
from tests.system.conftest import SIZE, TAUGHT
from tests.system.installation import START_SECONDS, Installation, installed

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]
RESULTS = (LineEventKind.COMMAND_DONE, LineEventKind.COMMAND_REFUSED)
PATIENCE = 90.0
# make faults keeps it stopped for longer than any session lasts; make verify as long as the other needs.
STOPPED_SECONDS = 60.0 if LONG else 0.0
MANY_PARTS = 50


@pytest.fixture
def plant(any_bootstrap: str, tmp_path: Path) -> Iterator[Installation]:
    """Line ``flange`` is taught; no program runs yet."""
    with installed(tmp_path, any_bootstrap, unique_prefix()) as made:
        good = tmp_path / "good"
        good.mkdir()
        for seed in range(TAUGHT):
            (good / f"part-{seed:02}.png").write_bytes(encode_png(draw_part(seed, size=SIZE)))
        trained = made.patchline("train", "flange", "--good", str(good), "--publish")
        assert trained.returncode == 0, trained.stderr
        yield made


def approval(plant: Installation, seed: int, line: str = "flange") -> ApproveGood:
    """An approval of a frame that an inspector has stored."""
    data, name = encode_png(draw_part(seed, size=SIZE)), f"frame-{seed}"
    uid = frame_uid(line, name, sha256_hex(data))
    asyncio.run(open_store(plant.settings.store).put(frame_key(line, uid), data))
    ref = FrameRef(frame_uid=uid, frame_id=name, frame_sha256=sha256_hex(data))
    return ApproveGood(command_id=uuid4(), line=line, actor="ann", issued_at=datetime.now(UTC), frames=(ref,))


def send(plant: Installation, *commands: AnyCommand) -> None:
    producer = Producer({"bootstrap.servers": plant.settings.kafka.bootstrap})
    for command in commands:
        producer.produce(f"{plant.prefix}commands", key=command.line.encode(), value=command.to_bytes())
    assert producer.flush(10) == 0


@asynccontextmanager
async def broker_of(plant: Installation) -> AsyncIterator[KafkaBroker]:
    broker = KafkaBroker(plant.settings.kafka)
    try:
        yield broker
    finally:
        await broker.close()


async def _events(plant: Installation) -> list[LineEvent]:
    async with broker_of(plant) as broker:
        reader = await broker.reader(f"{plant.prefix}line-events")
        end = sum(end for _, end in (await reader.bounds()).values())
        found: list[LineEvent] = []
        while len(found) < end:
            records = await reader.poll(timeout_ms=200, max_records=1000)
            found += [LineEvent.from_bytes(record.value or b"") for record in records]
        return found


def events(plant: Installation) -> list[LineEvent]:
    return asyncio.run(_events(plant))


def result(plant: Installation, command: AnyCommand, seconds: float = PATIENCE) -> LineEvent:
    """The first result of a command, once it has one."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        for event in events(plant):
            if event.command_id == command.command_id and event.kind in RESULTS:
                return event
        time.sleep(0.3)
    raise AssertionError(f"{command.kind} has no result within {seconds} s")


async def _history(plant: Installation, line: str) -> list[Activated]:
    name = f"{plant.prefix}banks"
    async with broker_of(plant) as broker:
        follower = ActivationFollower(await broker.reader(name), name)
        await follower.read_to_end()
        return [entry.activation for entry in follower.log.history(line) if entry.activation is not None]


def history(plant: Installation, line: str = "flange") -> list[Activated]:
    return asyncio.run(_history(plant, line))


def taught(plant: Installation, activated: Activated) -> Sequence[str]:
    """The names of the parts of a bank."""
    key = bank_key(activated.line, activated.model, activated.version)
    data = asyncio.run(open_store(plant.settings.store).get(key))
    return [part.name for part in read_bank(data).manifest.parts]


@contextmanager
def frozen(plant: Installation, command: AnyCommand) -> Iterator[Program]:
    """A rebuilder that was stopped between the bytes and the record of this command's bank."""
    environment = {**environment_of(plant.settings), "PYTHONUNBUFFERED": "1"}
    with Program.ours("tests.system.freezing_rebuilder", env=environment) as program:
        program.wait_for_line("ready", START_SECONDS)
        send(plant, command)
        program.wait_for_line("about to activate", PATIENCE)
        program.freeze()
        yield program


@contextmanager
def rebuilder(plant: Installation) -> Iterator[Program]:
    with plant.program("rebuilder") as program:
        program.wait_for_line("rebuilder ready", START_SECONDS)
        yield program


def effects(plant: Installation, commands: Sequence[AnyCommand]) -> None:
    """Each command is done once, its part is in the newest bank once, and the epochs have no gap."""
    made = history(plant)
    assert [activated.epoch for activated in made] == list(range(1, len(commands) + 2))
    assert [activated.command_id for activated in made[1:]] == [c.command_id for c in commands]
    names = taught(plant, made[-1])[TAUGHT:]
    assert names == [c.frames[0].frame_id for c in commands if isinstance(c, ApproveGood)]
    for command in commands:
        assert result(plant, command).kind is LineEventKind.COMMAND_DONE


def test_a_rebuilder_stopped_between_bytes_and_record_comes_back_and_changes_nothing(
    plant: Installation,
) -> None:
    one, two, three = (approval(plant, seed) for seed in (77, 78, 79))
    with frozen(plant, one) as first, rebuilder(plant):
        assert len(history(plant)) == 1
        assert result(plant, one).epoch == 2
        send(plant, two)
        assert result(plant, two).epoch == 3
        time.sleep(STOPPED_SECONDS)
        first.thaw()
        time.sleep(3)
        send(plant, three, one)
        assert result(plant, three).epoch == 4
        assert first.running
        effects(plant, (one, two, three))


def test_a_rebuilder_killed_between_bytes_and_record_leaves_its_command_to_the_next(
    plant: Installation,
) -> None:
    one, two = approval(plant, 77), approval(plant, 78)
    with frozen(plant, one) as first:
        first.signal(signal.SIGKILL)
        assert len(history(plant)) == 1
    with rebuilder(plant):
        assert result(plant, one).epoch == 2
        send(plant, one, two)
        assert result(plant, two).epoch == 3
        effects(plant, (one, two))
    done = [event for event in events(plant) if event.kind in RESULTS]
    assert len(done) == 2


def test_a_long_rebuild_of_one_line_delays_no_approval_on_another(plant: Installation) -> None:
    """The rebuild is asked for first, tells how far it is, and ends after the approval."""
    asyncio.run(_large_line(plant))
    long = Rebuild(command_id=uuid4(), line="large", actor="eve", issued_at=datetime.now(UTC))
    short = approval(plant, 77)
    with rebuilder(plant):
        send(plant, long)
        progress(plant, long)
        send(plant, short)
        assert result(plant, short).kind is LineEventKind.COMMAND_DONE
        assert result(plant, long, 2 * PATIENCE).kind is LineEventKind.COMMAND_DONE
    finished = [event.command_id for event in events(plant) if event.kind in RESULTS]
    assert finished == [short.command_id, long.command_id]


def progress(plant: Installation, command: AnyCommand) -> None:
    """Returns once the command has told how far it is."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        told = [event for event in events(plant) if event.command_id == command.command_id]
        assert not any(event.kind in RESULTS for event in told), "it was too short to tell anything"
        if told:
            return
        time.sleep(0.3)
    raise AssertionError(f"{command.kind} told nothing within {PATIENCE} s")


async def _large_line(plant: Installation) -> None:
    """A line whose bank has few vectors, and a recipe under which selecting it again takes long."""
    made = (await _history(plant, "flange"))[0]
    store = open_store(plant.settings.store)
    loaded = read_bank(await store.get(bank_key("flange", "default", made.version)))
    rng, picture = np.random.default_rng(0), encode_png(draw_part(0, size=SIZE))
    entries = tuple(PartEntry(sha256=sha256(bytes([n])).hexdigest()) for n in range(MANY_PARTS))
    recipe = loaded.manifest.recipe.model_copy(update={"coreset_share": 0.2, "max_vectors": 20_000})
    grid = (32, 32)
    manifest = loaded.manifest.model_copy(
        update={"line": "large", "recipe": recipe, "parts": entries, "grid": grid}
    )
    bank = replace(loaded.memory_bank, recipe=recipe, grid=grid, part_count=MANY_PARTS)
    for entry in entries:
        rows = rng.standard_normal((*grid, bank.dim)).astype(np.float16)
        await FeatureCache(store, manifest).put(entry.sha256, rows)
        await store.put(part_key("large", "default", entry.sha256), picture)
    built = BuiltBank.of(bank, manifest, {}, Rates())
    async with (
        broker_of(plant) as broker,
        open_outlets(broker, store, MemoryCache(), plant.prefix) as outlets,
    ):
        await publish_bank(outlets, built, {}, actor="a test")
