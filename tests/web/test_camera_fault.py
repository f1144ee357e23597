"""A camera's fault: told by the camera's program, on the wall as trouble until there are pictures again."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from schemas.line_event import LineEvent
from schemas.reasons import LineEventKind, VerdictKind
from schemas.topics import TOPICS, TopicKind
from tests.web.conftest import Until, client_of, ready_page
from tests.web.plant import Plant
from workers.camera.health import Health

DARK = "rtsp://cam/1 gives no pictures: is it on?"


class Camera:
    """A camera's program as far as its line hears of it."""

    def __init__(self, plant: Plant, name: str) -> None:
        self.fault: str | None = None
        topic = TOPICS[TopicKind.LINE_EVENTS].name(plant.settings.kafka.topic_prefix)
        self._health = Health(plant.broker, topic, "a", name, lambda: self.fault, grace=0.0)

    @asynccontextmanager
    async def running(self) -> AsyncIterator["Camera"]:
        task = asyncio.create_task(self._health.run())
        try:
            yield self
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


async def troubles(client: httpx.AsyncClient) -> list[str]:
    found = (await client.get("/v1/lines/a")).json()["troubles"]
    return [trouble["sentence"] for trouble in found if trouble["kind"] == "camera-fault"]


async def test_a_camera_without_pictures_is_trouble_on_the_wall_until_it_has_them_again(
    plant: Plant, until: Until
) -> None:
    await plant.activate("a", 1)
    await plant.judge("a", VerdictKind.OK, inspected_at=datetime.now(UTC))
    async with (
        ready_page(plant) as page,
        client_of(page) as client,
        Camera(plant, "left").running() as left,
        Camera(plant, "right").running() as right,
    ):
        assert await troubles(client) == []

        async def shown(*sentences: str) -> None:
            async def is_so() -> bool:
                return await troubles(client) == list(sentences)

            await until(is_so)

        left.fault = DARK
        await shown(DARK)
        wall = (await client.get("/")).text
        tile = wall.partition('id="line-a"')[2].partition("</article>")[0]
        assert "<b>camera fault</b>" in tile
        assert DARK in tile
        assert "troubled" in wall
        right.fault = "usb:1 is gone"
        await shown(f"{DARK}; 1 more of its cameras give none")
        left.fault = None
        await shown("usb:1 is gone")
        right.fault = None
        await shown()
        told = (await client.get("/v1/system")).json()["outages"]
    assert [event["camera_fault"] for event in told] == [False, False, True, True]


@pytest.mark.parametrize(
    ("camera", "seconds", "holds"),
    [("left", 1, False), ("left", -1, True), ("right", 1, True), (None, 1, True)],
)
async def test_a_fault_that_nobody_ended_ends_with_a_later_part_of_the_same_camera(
    plant: Plant, camera: str | None, seconds: int, holds: bool
) -> None:
    """A camera's program that is stopped in a fault, and started anew with pictures, tells of none."""
    at = datetime.now(UTC)
    fault = LineEvent(
        kind=LineEventKind.CAMERA, line="a", sentence=DARK, camera="left", camera_fault=True, at=at
    )
    await plant.write(TopicKind.LINE_EVENTS, "a", fault)
    taken = at + timedelta(seconds=seconds)
    await plant.judge("a", camera=camera, captured_at=taken, inspected_at=at + timedelta(seconds=5))
    async with ready_page(plant) as page, client_of(page) as client:
        assert await troubles(client) == ([DARK] if holds else [])
