"""Drift through a whole inspector: real pictures, one event on the line's topic."""

from pathlib import Path
from uuid import uuid4

import pytest

from schemas.line_event import LineEvent
from schemas.reasons import LineEventKind
from schemas.topics import TopicKind
from service.settings import DriftSettings
from tests.extraction.lines import DEFECTIVE, GOOD
from tests.inspector.plant import build_plant

pytestmark = pytest.mark.slow


async def test_parts_that_turn_bad_are_one_event_and_replayed_ones_are_none(
    tmp_path: Path, valkey_url: str
) -> None:
    plant = await build_plant(tmp_path, valkey_url)
    plant.settings = plant.settings.model_copy(update={"drift": DriftSettings(reference_frames=50, limit=6)})
    await plant.put_in_force("line1")
    replayed = (("replay-of", str(uuid4()).encode()),)
    async with plant.inspecting():
        for data, headers, count in ((GOOD, (), 50), (DEFECTIVE, replayed, 10), (GOOD, (), 2)):
            for _ in range(count):
                await plant.send("line1", data, 0, headers)
        await plant.verdicts(62)
        assert not await plant.records(TopicKind.LINE_EVENTS)
        for _ in range(10):
            await plant.send("line1", DEFECTIVE, 0)
        await plant.verdicts(72)
    (record,) = await plant.records(TopicKind.LINE_EVENTS)
    event = LineEvent.from_bytes(record.value or b"")
    assert (event.kind, event.line, event.epoch) == (LineEventKind.DRIFT, "line1", 1)
    assert record.key == b"line1"
    await plant.broker.close()
