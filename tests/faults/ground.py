"""The ground that faults happen on: one installation with two taught lines, and its judge, the ledger."""

import asyncio
import json
import sys
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

import psutil
from confluent_kafka import Consumer, TopicPartition

from schemas.activation import Activated, Thresholds
from schemas.dead_letter import DeadLetter
from schemas.ids import sha256_hex
from service.banks.activation_writer import ActivationDraft
from service.banks.redis_cache import RedisCache
from service.banks.redis_client import redis_client
from service.settings import environment_of
from service.store import open_store
from service.store.keys import bank_key
from service.stream.kafka_broker import KafkaBroker
from service.training.built import BuiltBank
from service.training.publish import Outlets, open_outlets, publish_bank
from tests.faults.clients import QUIET
from tests.faults.commits import Commits
from tests.faults.inspecting import Inspecting
from tests.faults.load import Load
from tests.system.installation import Installation

RATE = 6.0


class Ground:
    """What a case acts on and looks at. ``name`` is the case's own: frames are told apart by it."""

    def __init__(self, installation: Installation, name: str) -> None:
        self.installation, self.name = installation, name
        self.settings = installation.settings
        self.began = time.time()
        self._loads: list[Load] = []

    def inspector(self, module: str | None = None, **env: str) -> Inspecting:
        """An inspector, not yet started; ``module`` is one of ours that does it a wrong."""
        ours = [module] if module else ["workers", "run", "inspector", "--log-format", "json"]
        environment = {**environment_of(self.settings), "PYTHONUNBUFFERED": "1", **env}
        return Inspecting([sys.executable, "-m", *ours], environment)

    def load(self, rate: float = RATE, **special: Any) -> Load:
        """A steady stream of frames, begun by ``with``; or so many at once by ``send``. ``special`` are
        ``Load``'s other fields."""
        number = len(self._loads)
        made = Load(self._bootstrap, self._topic("frames"), f"{self.name}.{number}", rate, **special)
        self._loads.append(made)
        return made

    def commits(self) -> Commits:
        """A watch over the committed offsets, begun by ``with``."""
        return Commits(self._bootstrap, self._topic("frames"), self.settings.inspector.group)

    def account(self) -> dict[str, Any]:
        """All frames of this case are judged, rightly, and the ledger holds: what it says. Ends the load;
        an inspector must run."""
        for load in self._loads:
            load.stop()
        self.drained()
        self.judged_rightly()
        since = datetime.fromtimestamp(self.began, UTC).isoformat().replace("+00:00", "Z")
        ended = self.installation.patchline("ledger", "check", "--json", "--since", since)
        assert ended.returncode == 0, ended.stdout + ended.stderr
        report: dict[str, Any] = json.loads(ended.stdout)
        assert report["in_flight"] == 0
        assert report["accepted"] >= sum(load.sent for load in self._loads)
        return report

    def drained(self) -> None:
        """Return when all that was sent is committed."""
        with self.commits() as commits:
            commits.drained()

    def caught_up(self, seconds: float = 180.0) -> None:
        """Return when no more waits than what comes in two seconds: the inspectors keep up with the load."""
        deadline = time.monotonic() + seconds
        with self.commits() as commits:
            while time.monotonic() < deadline:
                ends, committed = commits.ends(), commits.now()
                if sum(end - max(committed[number], 0) for number, end in ends.items()) <= 2 * RATE:
                    return
                time.sleep(0.2)
        raise AssertionError("the inspectors do not keep up with the load")

    def judged_rightly(self) -> None:
        """Each frame's effective verdict is the one that its picture deserves."""
        expected = {frame: alarm for load in self._loads for frame, alarm in load.expected.items()}
        effective = self.effective()
        found = {v["frame_id"]: v["verdict"] in ("review", "defect") for v in effective}
        wrong = {frame: found.get(frame) for frame in expected if found.get(frame) is not expected[frame]}
        # None: it has no verdict, so it is a dead letter, or the ledger will miss it.
        letters = [
            (letter.source_partition, letter.source_offset, letter.reason) for letter in self.dead_letters()
        ]
        assert not wrong, f"{len(wrong)} of {len(expected)} frames are judged otherwise: {wrong}; {letters}"

    def effective(self) -> list[dict[str, Any]]:
        """The first verdict of each source, of this case's frames, as they lie in the log."""
        first: dict[tuple[int, int], dict[str, Any]] = {}
        for verdict in self.verdicts():
            first.setdefault((verdict["source"]["partition"], verdict["source"]["offset"]), verdict)
        return list(first.values())

    def verdicts(self) -> list[dict[str, Any]]:
        """All verdicts on this case's frames."""
        every = (json.loads(value) for value, _ in self.records("verdicts"))
        return [v for v in every if v["source"]["timestamp_ms"] >= self.began * 1000 - 1]

    def dead_letters(self) -> list[DeadLetter]:
        """Those that were set aside since the case began."""
        return [DeadLetter.from_headers(tuple(h)) for _, h in self.records("dead-letters", since=True)]

    def records(self, topic: str, *, since: bool = False) -> list[tuple[bytes, list[tuple[str, bytes]]]]:
        """Values and headers of a topic, as librdkafka reads them, to its end as it is now."""
        consumer = Consumer({**QUIET, "bootstrap.servers": self._bootstrap, "group.id": "faults-reader"})
        try:
            name = self._topic(topic)
            partitions = consumer.list_topics(name, timeout=10).topics[name].partitions
            found = [m for number in partitions for m in _whole(consumer, name, number)]
        finally:
            consumer.close()
        fresh = [m for m in found if not since or m.timestamp()[1] >= self.began * 1000]
        return [(m.value() or b"", list(m.headers() or [])) for m in fresh]

    def activate(self, line: str, data: bytes, thresholds: Thresholds) -> Activated:
        """Put these bytes in force on a line, whatever they are."""

        async def act(outlets: Outlets) -> Activated:
            version = sha256_hex(data)
            await outlets.store.put(bank_key(line, "default", version), data)
            draft = ActivationDraft("default", version, len(data), thresholds, actor="faults")
            done = await outlets.writer.activate(line, draft)
            assert isinstance(done, Activated)
            return done

        made: Activated = asyncio.run(self._with_outlets(act))
        return made

    def put_in_force(self, *built: BuiltBank) -> None:
        """Publish banks as training does, and put them in force."""

        async def act(outlets: Outlets) -> None:
            for bank in built:
                await publish_bank(outlets, bank, {}, actor="faults")

        asyncio.run(self._with_outlets(act))

    def redis_down(self) -> None:
        """Kill the cache as a crash does."""
        cache = self.installation.cache
        assert cache._leash is not None
        for child in psutil.Process(cache._leash.pid).children():
            child.kill()
        cache._leash.wait(10)

    def redis_up(self) -> None:
        """Start it again, empty, where it was."""
        port = self.installation.cache.port
        self.installation.cache.stop()
        self.installation.cache.start()
        assert self.installation.cache.port == port

    async def _with_outlets(self, act: Callable[[Outlets], Any]) -> Any:
        broker, redis = KafkaBroker(self.settings.kafka), redis_client(self.settings.redis)
        cache = RedisCache(redis, self.settings.redis)
        try:
            prefix = self.settings.kafka.topic_prefix
            async with open_outlets(broker, open_store(self.settings.store), cache, prefix) as outlets:
                return await act(outlets)
        finally:
            await redis.aclose()
            await broker.close()

    def _topic(self, name: str) -> str:
        return f"{self.settings.kafka.topic_prefix}{name}"

    @property
    def _bootstrap(self) -> str:
        return self.settings.kafka.bootstrap


def _whole(consumer: Consumer, topic: str, partition: int) -> Iterable[Any]:
    low, high = consumer.get_watermark_offsets(TopicPartition(topic, partition), timeout=10)
    consumer.assign([TopicPartition(topic, partition, low)])
    position, deadline = low, time.monotonic() + 60
    while position < high:
        assert time.monotonic() < deadline, f"{topic}/{partition} was not read to {high}"
        for message in consumer.consume(500, 0.5):
            assert message.error() is None, message.error()
            offset = int(message.offset() or 0)
            position = offset + 1
            if offset < high:
                yield message
