"""A factory in memory: a line with a bank, a rebuilder, and people who send commands."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from uuid import UUID, uuid4

import numpy as np

from schemas.activation import Activated
from schemas.command import AnyCommand, ApproveGood, FrameRef
from schemas.ids import frame_uid, sha256_hex
from schemas.line_event import LineEvent
from schemas.reasons import LineEventKind
from schemas.topics import TOPICS, TopicKind
from service.banks.activation_reader import ActivationFollower
from service.banks.bank_file import LoadedBank, read_bank
from service.banks.cache import MemoryCache
from service.banks.manifest import Precision
from service.images.contract import InputContract
from service.images.decode import decode
from service.images.unreadable import UnfitImage, UnreadableImage
from service.inspection.extractor import PatchExtractor
from service.patchcore import Recipe
from service.settings import KafkaSettings, Settings, StoreSettings
from service.store import ObjectStore, open_store
from service.store.keys import bank_key, frame_key
from service.stream.base import Broker
from service.stream.memory import MemoryBroker
from service.training.build import build_bank
from service.training.built import BuiltBank
from service.training.publish import open_outlets, publish_bank
from tests.training.parts import QUICK, QuickNetwork, drawn, good_parts
from workers.extraction.client import WorkerDied
from workers.extraction.protocol import Features, Unfit, Unreadable
from workers.rebuilder.extraction import Answer, Extraction
from workers.rebuilder.rebuilder import run_rebuilder
from workers.trainer.client import Training

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)
PREFIX = "plant."
PATIENCE = 30.0
POISON = b"poison"


def topic(kind: TopicKind) -> str:
    return TOPICS[kind].name(PREFIX)


class InProcess:
    """An ``Extractor`` without a process; dies of poison, as a child would of a hostile picture."""

    def __init__(self) -> None:
        self.dead = False
        self.extracted = 0

    async def extract(
        self, images: Sequence[bytes], recipe: bytes, contract: bytes, precision: Precision, timeout: float
    ) -> list[Answer]:
        if POISON in images:
            self.dead = True
            raise WorkerDied("the extraction worker ended before it answered")
        made = PatchExtractor(
            QuickNetwork(), Recipe.model_validate_json(recipe), InputContract.model_validate_json(contract)
        )
        self.extracted += len(images)
        return [_answer(made, image) for image in images]

    async def probe(self, timeout: float) -> None:
        if self.dead:
            raise WorkerDied("the extraction worker has ended")

    async def stop(self) -> None:
        self.dead = True


def _answer(extractor: PatchExtractor, image: bytes) -> Answer:
    try:
        picture = decode(image)
        extractor.contract.check(picture)
    except UnreadableImage as error:
        return Unreadable(error.reason.value, str(error))
    except UnfitImage as error:
        return Unfit(error.reason.value, picture.width, picture.height)
    rows = extractor.extract([picture])[0].astype(np.float16)
    return Features(rows.shape[0], rows.shape[1], rows.shape[2], rows.tobytes())


@lru_cache(maxsize=16)
def taught(line: str, model: str, count: int) -> BuiltBank:
    return build_bank(line, model, good_parts(count), QUICK, QuickNetwork())


class Plant:
    """One installation. ``store`` and ``broker`` may be replaced by ones that fail."""

    def __init__(self, folder: Path) -> None:
        self.settings = Settings(
            kafka=KafkaSettings(topic_prefix=PREFIX),
            store=StoreSettings(url="memory://", cache_dir=folder),
        )
        self.broker: Broker = MemoryBroker()
        self.store: ObjectStore = open_store(self.settings.store)
        self.cache = MemoryCache()
        self.workers: list[InProcess] = []
        self.weights = QuickNetwork.weights_sha256
        self.train_with: Training | None = None

    async def set_up(self, *lines: str) -> BuiltBank:
        """The topics, and a first bank of eight parts on each line."""
        specs = {topic(kind): TOPICS[kind] for kind in TopicKind}
        await self.broker.create_topics(specs, partitions=2, replication=1)
        for line in lines or ("line1",):
            built = await self.train(line)
        return built

    async def train(self, line: str = "line1", model: str = "default", count: int = 8) -> BuiltBank:
        parts = good_parts(count)
        built = taught(line, model, count)
        async with open_outlets(self.broker, self.store, self.cache, PREFIX) as outlets:
            frames = {part.sha256: part.data for part in parts}
            await publish_bank(outlets, built, frames, actor="train")
        return built

    async def train_small(self) -> BuiltBank:
        """A line with as few parts as a bank may have."""
        await self.set_up("line2")
        return await self.train(count=5)

    async def frame(self, seed: int, line: str = "line1", data: bytes | None = None, **more: str) -> FrameRef:
        """A frame that an inspector has stored."""
        stored = drawn(seed) if data is None else data
        digest, name = sha256_hex(stored), f"frame-{seed}"
        uid = frame_uid(line, name, digest)
        await self.store.put(frame_key(line, uid), stored)
        return FrameRef(frame_uid=uid, frame_id=name, frame_sha256=digest, **more)

    async def send(self, *commands: AnyCommand) -> None:
        producer = await self.broker.producer()
        for command in commands:
            await self.send_raw(command.line, command.to_bytes())
        await producer.close()

    async def send_raw(self, line: str, value: bytes) -> None:
        producer = await self.broker.producer()
        await producer.send(topic(TopicKind.COMMANDS), key=line.encode(), value=value)

    async def start_worker(self) -> InProcess:
        self.workers.append(InProcess())
        return self.workers[-1]

    @asynccontextmanager
    async def rebuilder(self) -> AsyncIterator["asyncio.Task[int]"]:
        """A running rebuilder, stopped politely at the end unless it has ended by itself."""
        stop = asyncio.Event()
        extraction = Extraction(self.start_worker, lambda _: self.weights)
        task = asyncio.create_task(
            run_rebuilder(
                self.settings,
                self.broker,
                self.store,
                self.cache,
                extraction,
                stop,
                train=self.train_with,
            )
        )
        try:
            yield task
        finally:
            stop.set()
            await asyncio.wait([task], timeout=PATIENCE)
        if not task.cancelled() and task.exception() is None:
            assert task.result() == 0

    async def events(self) -> list[LineEvent]:
        reader = await self.broker.reader(topic(TopicKind.LINE_EVENTS))
        records = await reader.poll(timeout_ms=0, max_records=10_000)
        return [LineEvent.from_bytes(record.value or b"") for record in records]

    async def results(self, count: int, patience: float = PATIENCE) -> dict[UUID, LineEvent]:
        """The first result of each command, once there are so many."""
        async with asyncio.timeout(patience):
            while True:
                found: dict[UUID, LineEvent] = {}
                for event in await self.events():
                    if event.command_id and event.kind is not LineEventKind.BUILD_PROGRESS:
                        found.setdefault(event.command_id, event)
                if len(found) >= count:
                    return found
                await asyncio.sleep(0.02)

    async def outcome(self, *commands: AnyCommand) -> list[LineEvent]:
        """The results of commands, each sent after the one before it has its result."""
        before = {event.command_id for event in await self.events()}
        events = []
        async with self.rebuilder():
            for number, command in enumerate(commands, 1):
                await self.send(command)
                events.append((await self.results(len(before) + number))[command.command_id])
        return events

    async def history(self, line: str = "line1") -> list[Activated]:
        name = topic(TopicKind.BANKS)
        follower = ActivationFollower(await self.broker.reader(name), name)
        await follower.read_to_end()
        return [entry.activation for entry in follower.log.history(line) if entry.activation]

    async def bank(self, activated: Activated) -> LoadedBank:
        key = bank_key(activated.line, activated.model, activated.version)
        return read_bank(await self.store.get(key), version=activated.version)

    async def committed(self, wanted: int) -> int:
        """What is committed of the commands, once it is as much as wanted, or at the end of patience."""
        groups = self.broker._groups  # type: ignore[attr-defined]
        group = groups[(topic(TopicKind.COMMANDS), self.settings.rebuilder.group)]
        for _ in range(100):
            if group.committed.get(0, 0) >= wanted:
                break
            await asyncio.sleep(0.02)
        return int(group.committed.get(0, 0))


def approve(*frames: FrameRef, line: str = "line1", actor: str = "ann", why: str = "") -> ApproveGood:
    return ApproveGood(command_id=uuid4(), line=line, actor=actor, why=why, issued_at=NOON, frames=frames)


def asked(line: str = "line1", actor: str = "eve") -> dict[str, object]:
    """What every command says."""
    return {"command_id": uuid4(), "line": line, "actor": actor, "issued_at": NOON}
