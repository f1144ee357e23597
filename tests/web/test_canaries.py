"""Canaries and maintenance of a line as the API tells of them, from its events alone."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx

from schemas.canary import Canary
from schemas.command import FrameRef
from schemas.line_event import LineEvent
from schemas.maintenance import MaintenanceWindow
from schemas.reasons import CommandKind, LineEventKind, VerdictKind
from schemas.topics import TopicKind
from service.store.keys import canary_key, canary_record_key
from tests.web.conftest import Until
from tests.web.plant import BEGAN, PNG, Plant, unknown_uid, version_of

SHA = "ab" * 32


def frame(number: int, model: str = "default") -> FrameRef:
    return FrameRef(frame_uid=UUID(int=number), frame_id=f"part-{number}", frame_sha256=SHA, model=model)


async def tell(plant: Plant, kind: CommandKind, *frames: FrameRef, **facts: Any) -> None:
    event = LineEvent(
        kind=LineEventKind.COMMAND_DONE,
        line="a",
        sentence="done",
        command_id=uuid4(),
        command_kind=kind,
        actor="ann",
        frames=frames or None,
        at=BEGAN,
        **facts,
    )
    await plant.write(TopicKind.LINE_EVENTS, "a", event)


async def test_the_canaries_of_a_line_are_those_confirmed_and_not_retired(
    plant: Plant, client: httpx.AsyncClient, until: Until
) -> None:
    await plant.activate("a", 1)
    one, two, other = frame(1), frame(2), frame(3, "lid")
    await tell(plant, CommandKind.CONFIRM_DEFECT, one, model="default", known_misses=(one.frame_uid,))
    await tell(plant, CommandKind.CONFIRM_DEFECT, two, model="default")
    await tell(plant, CommandKind.CONFIRM_DEFECT, other, model="lid")

    async def uids(**query: str) -> list[tuple[str, bool]]:
        found = (await client.get("/v1/lines/a/canaries", params=query)).json()
        return [(item["frame_id"], item["missed"]) for item in found] if isinstance(found, list) else []

    async def all_there() -> bool:
        return len(await uids()) == 3

    await until(all_there)
    assert await uids(model="default") == [("part-1", True), ("part-2", False)]
    build = {"model": "default", "epoch": 2, "vectors": 9}
    await tell(plant, CommandKind.APPROVE_GOOD, **build, known_misses=(two.frame_uid,))
    await tell(plant, CommandKind.RETIRE_CANARY, other, model="lid")

    async def as_told() -> bool:
        return await uids() == [("part-1", False), ("part-2", True)]

    await until(as_told)


async def test_a_canary_is_shown_with_its_regions_and_its_picture(
    plant: Plant, client: httpx.AsyncClient, until: Until
) -> None:
    await plant.activate("a", 1)
    ref = frame(1)
    canary = Canary(
        line="a",
        model="default",
        frame=ref,
        bank_version=version_of("a", 1),
        epoch=1,
        score=2.0,
        threshold=1.0,
        verdict=VerdictKind.DEFECT,
        command_id=UUID(int=7),
        actor="ann",
        confirmed_at=BEGAN,
    )
    address = f"/v1/lines/a/canaries/{ref.frame_uid}"
    await tell(plant, CommandKind.CONFIRM_DEFECT, ref, model="default")

    async def there() -> bool:
        return len((await client.get("/v1/lines/a/canaries")).json()) == 1

    await until(there)
    lost = await client.get(address)
    assert (lost.status_code, "missing in the store" in lost.json()["detail"]) == (404, True)
    await plant.store.put(canary_record_key("a", "default", SHA), canary.to_bytes())
    await plant.store.put(canary_key("a", "default", SHA), PNG)
    assert (await client.get(address)).json()["score"] == 2.0
    [item] = (await client.get("/v1/lines/a/canaries")).json()
    picture = await client.get(httpx.URL(item["picture_url"]).path)
    assert (picture.content, picture.headers["content-type"]) == (PNG, "image/png")
    for path in (f"/v1/lines/a/canaries/{unknown_uid()}", "/v1/lines/nobody/canaries"):
        assert (await client.get(path)).status_code == 404


async def test_maintenance_is_told_from_the_line_s_events(
    plant: Plant, client: httpx.AsyncClient, until: Until
) -> None:
    await plant.activate("a", 1)
    now = datetime.now(UTC)
    window = MaintenanceWindow(start=now, end=now + timedelta(hours=1), why="new lamp")

    async def state() -> Any:
        return (await client.get("/v1/lines/a/maintenance")).json()

    async def known() -> bool:
        return bool((await state()).get("now") is False)

    await until(known)
    await tell(plant, CommandKind.SET_MAINTENANCE, maintenance=window)

    async def begun() -> bool:
        return bool((await state())["now"])

    await until(begun)
    [told] = (await state())["windows"]
    assert (told["actor"], told["why"]) == ("ann", "new lamp")
    assert datetime.fromisoformat(told["end"]) == window.end
    assert (await client.get("/v1/lines/nobody/maintenance")).status_code == 404
