"""The last release and today in one system: what its programs would write is understood, and what ours write
its readers take."""

import asyncio
import json
import time
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import jsonschema
import pytest
from confluent_kafka import Consumer, Producer, TopicPartition

from schemas.activation import Activated
from schemas.command import ApproveGood, FrameRef
from schemas.ids import frame_uid, sha256_hex
from service.store import open_store
from service.store.keys import frame_key
from tests.parts import draw_part, encode_png
from tests.schemas.evolution import Schema
from tests.schemas.examples import released_versions
from tests.schemas.test_evolution import released
from tests.system.conftest import SIZE
from tests.system.installation import Installation
from tests.system.test_many_writers import history, result

pytestmark = pytest.mark.timeout(300)
OLD = released(released_versions()[-1])
OLD_COMMANDS = OLD["command"]["discriminator"]["mapping"]
READ_BACK = {
    "verdicts": "verdict",
    "alerts": "alert",
    "commands": "command",
    "line-events": "line-event",
    "banks": "bank-record",
}


def as_released(message: dict[str, Any], schema: Schema) -> bytes:
    """The message as a program of the release writes it: without what its schema does not know."""
    choice = schema
    if "oneOf" in schema:
        name = schema["discriminator"]["mapping"][message["kind"]].rpartition("/")[2]
        choice = schema["$defs"][name]
    known = {key: value for key, value in message.items() if key in choice["properties"]}
    jsonschema.validate(known, schema)
    return json.dumps(known).encode()


def write(installation: Installation, topic: str, value: bytes, headers: dict[str, bytes]) -> None:
    producer = Producer({"bootstrap.servers": installation.settings.kafka.bootstrap})
    told: dict[str, str | bytes | None] = {**headers}
    producer.produce(f"{installation.prefix}{topic}", key=b"flange", value=value, headers=told)
    assert producer.flush(10) == 0


def values(installation: Installation, topic: str) -> list[dict[str, Any]]:
    """All that lies on a topic."""
    name = f"{installation.prefix}{topic}"
    options = {"bootstrap.servers": installation.settings.kafka.bootstrap, "group.id": "old-reader"}
    consumer, found = Consumer(options), []
    try:
        for number in consumer.list_topics(name, timeout=10).topics[name].partitions:
            place = TopicPartition(name, number, 0)
            _, end = consumer.get_watermark_offsets(place, timeout=10)
            consumer.assign([place])
            deadline, offset = time.monotonic() + 30, 0
            while offset < end:
                assert time.monotonic() < deadline
                for message in consumer.consume(100, 0.5):
                    assert message.error() is None
                    offset = int(message.offset() or 0) + 1
                    found.append(json.loads(message.value() or b""))
    finally:
        consumer.close()
    return found


def verdict_of(installation: Installation, frame_id: str, epoch: int) -> dict[str, Any]:
    """The verdict of a frame under an epoch; frames are sent until the epoch is in force."""
    data = encode_png(draw_part(501, size=SIZE))
    for number in range(120):
        name = f"{frame_id}-{number}"
        installation.send("flange", data, [("frame-id", name.encode()), ("camera", b"north")])
        for _ in range(100):
            found = [v for v in values(installation, "verdicts") if v["frame_id"] == name]
            if found:
                break
            time.sleep(0.1)
        assert found, f"{name} has no verdict"
        if found[0]["epoch"] >= epoch:
            return found[0]
    raise AssertionError(f"epoch {epoch} did not come into force")


def test_programs_of_the_last_release_and_of_today_understand_each_other(installation: Installation) -> None:
    data = encode_png(draw_part(78, size=SIZE))
    ref = FrameRef(
        frame_uid=frame_uid("flange", "old", sha256_hex(data)), frame_id="old", frame_sha256=sha256_hex(data)
    )
    asyncio.run(open_store(installation.settings.store).put(frame_key("flange", ref.frame_uid), data))
    now = datetime.now(UTC)
    command = ApproveGood(command_id=uuid4(), line="flange", actor="ann", issued_at=now, frames=(ref,))
    old_command = as_released(json.loads(command.to_bytes()), OLD["command"])
    write(installation, "commands", old_command, {})
    made = result(installation, command)
    assert made.epoch is not None

    # A rebuilder of the release goes back to the bank before.
    first = history(installation)[0]
    back = first.model_copy(update={"epoch": made.epoch + 1, "activated_at": datetime.now(UTC)})
    headers = {"kind": b"activated", "line": b"flange", "epoch": str(back.epoch).encode()}
    write(installation, "banks", as_released(json.loads(back.to_bytes()), OLD["bank-record"]), headers)
    verdict = verdict_of(installation, "after", back.epoch)
    assert (verdict["epoch"], verdict["bank_version"]) == (back.epoch, first.version)
    assert Activated.from_bytes(back.to_bytes()) == history(installation)[-1]

    # Its readers take all that ours wrote, but for kinds of commands that the release did not have.
    for topic, name in READ_BACK.items():
        for value in values(installation, topic):
            asked = value["kind"] if topic == "commands" else value.get("command_kind")
            if asked is None or asked in OLD_COMMANDS:
                jsonschema.validate(value, OLD[name])
