"""Orders: each becomes the command that it names, or is refused before anything is written."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import httpx
import pytest

from schemas.command import AnyCommand, ConfirmDefect, RetireCanary
from schemas.line_event import LineEvent
from schemas.reasons import LineEventKind
from schemas.topics import TopicKind
from tests.web.conftest import Until
from tests.web.plant import BEGAN, Plant, unknown_uid

PART = "ab" * 32
NEXT_DAY = datetime(2026, 2, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("order", "says"),
    [
        ({"kind": "Rebuild"}, {"model": None}),
        ({"kind": "Rebuild", "model": "lid"}, {"model": "lid"}),
        ({"kind": "RemovePart", "model": "lid", "part": PART}, {"model": "lid", "part": PART}),
        ({"kind": "Activate", "model": "lid"}, {"model": "lid", "version": None}),
        ({"kind": "Rollback", "to_epoch": 3}, {"to_epoch": 3}),
        ({"kind": "SetMaintenance", "end": "2026-02-01T00:00:00Z"}, {"end": NEXT_DAY, "off": False}),
        ({"kind": "SetMaintenance", "start": "2026-02-01T00:00:00Z", "off": True}, {"start": NEXT_DAY}),
        (
            {"kind": "SetFalseAlarmRate", "alpha": 0.02, "review_alpha": 0.1, "based_on_epoch": 4},
            {"alpha": 0.02},
        ),
    ],
)
async def test_an_order_becomes_its_command(
    plant: Plant, client: httpx.AsyncClient, order: dict[str, Any], says: dict[str, Any]
) -> None:
    answer = await client.post("/v1/lines/a/commands", json={**order, "why": "new light"})
    command = await only_command(plant)
    assert answer.status_code == 202
    assert answer.json() == {"command_id": str(command.command_id), "epoch_before": 0}
    assert (command.kind, command.line, command.why) == (order["kind"], "a", "new light")
    assert {name: getattr(command, name) for name in says} == says


async def only_command(plant: Plant) -> AnyCommand:
    ((command, _),) = await plant.commands()
    return command


async def test_a_confirmed_defect_names_the_frame_that_was_judged(
    plant: Plant, client: httpx.AsyncClient, until: Until
) -> None:
    verdict = await plant.judge("a", model="lid")
    await until(lambda: known(client, str(verdict.frame_uid)))
    answer = await client.post(
        "/v1/lines/a/commands", json={"kind": "ConfirmDefect", "frame": verdict.frame_id}
    )
    command = await only_command(plant)
    assert answer.status_code == 202
    assert isinstance(command, ConfirmDefect)
    assert (command.frame.frame_uid, command.frame.model) == (verdict.frame_uid, "lid")


async def known(client: httpx.AsyncClient, uid: str) -> bool:
    return (await client.get(f"/v1/frames/a/{uid}/verdict")).status_code == 200


async def test_a_canary_is_retired_by_its_uid_long_after_the_page_forgot_the_frame(
    plant: Plant, client: httpx.AsyncClient
) -> None:
    uid = unknown_uid()
    answer = await client.post("/v1/lines/a/commands", json={"kind": "RetireCanary", "frame": uid})
    command = await only_command(plant)
    assert answer.status_code == 202
    assert isinstance(command, RetireCanary)
    assert command.frame_uid == UUID(uid)


@pytest.mark.parametrize(
    ("order", "status"),
    [
        ({"kind": "ConfirmDefect", "frame": "nobody.png"}, 404),
        ({"kind": "RetireCanary", "frame": "nobody.png"}, 404),
        ({"kind": "RetireCanary", "frame": "../etc"}, 422),
        ({"kind": "RemovePart", "model": "lid", "part": "ab"}, 422),
        ({"kind": "Rollback", "to_epoch": 0}, 422),
        ({"kind": "Rebuild", "modle": "lid"}, 422),
        ({"kind": "SetMaintenance", "end": "2026-02-01T00:00:00"}, 422),
        ({"kind": "Explode"}, 422),
    ],
)
async def test_a_refused_order_writes_nothing(
    plant: Plant, client: httpx.AsyncClient, order: dict[str, Any], status: int
) -> None:
    answer = await client.post("/v1/lines/a/commands", json=order)
    assert (answer.status_code, await plant.commands()) == (status, [])
    assert answer.json()["detail"]


async def test_a_pending_command_tells_how_far_it_is(
    plant: Plant, client: httpx.AsyncClient, until: Until
) -> None:
    asked = (await client.post("/v1/lines/a/commands", json={"kind": "Rebuild"})).json()
    progress = LineEvent(
        kind=LineEventKind.BUILD_PROGRESS,
        line="a",
        sentence="3 of 4 parts",
        command_id=asked["command_id"],
        share_done=0.75,
        seconds_left=12.5,
        at=BEGAN,
    )
    await plant.write(TopicKind.LINE_EVENTS, "a", progress)

    async def told() -> bool:
        state = (await client.get(f"/v1/commands/{asked['command_id']}")).json()
        told = (state["status"], state["share_done"], state["seconds_left"], state["sentence"])
        return told == ("pending", 0.75, 12.5, "3 of 4 parts")

    await until(told)
