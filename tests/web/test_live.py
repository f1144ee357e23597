"""Live: who watches is told, who is slow is let go, and nobody holds up the end."""

import asyncio
import time
from collections.abc import AsyncIterator

import httpx
import pytest

from schemas.reasons import VerdictKind
from service.web.hub import Event, Hub, HubFull
from service.web.page import served
from tests.web.conftest import ready_page
from tests.web.plant import Plant


def event(number: int, line: str = "a") -> Event:
    return Event("verdict", line, str(number))


async def test_a_slow_subscriber_is_dropped_and_told_to_load_anew() -> None:
    hub = Hub(queue_events=3)
    with hub.subscribe() as slow, hub.subscribe() as other:
        quick = aiter(other)
        for number in range(10):
            hub.publish(event(number))
            assert [told.data for told in await anext(quick)] == [str(number)]
        assert [told.name async for events in slow for told in events] == ["reload"]
        assert len(hub) == 1


async def test_a_subscriber_of_a_line_hears_of_no_other() -> None:
    hub = Hub()
    with hub.subscribe("a") as subscriber:
        hub.publish(event(1, "b"))
        hub.publish(event(2, "a"))
        hub.close()
        assert [told.data async for events in subscriber for told in events] == ["2"]


async def test_the_number_of_subscribers_is_bounded() -> None:
    hub = Hub(max_subscribers=1)
    with hub.subscribe(), pytest.raises(HubFull):
        hub.require_room()
    hub.require_room()
    hub.close()
    with pytest.raises(HubFull):
        hub.require_room()


async def test_what_came_meanwhile_is_told_together_and_in_order() -> None:
    hub = Hub()
    with hub.subscribe() as subscriber:
        for number in range(5):
            hub.publish(event(number))
        hub.close()
        assert [[told.data for told in events] async for events in subscriber] == [list("01234")]


async def _names(answer: httpx.Response) -> AsyncIterator[str]:
    async for text in answer.aiter_lines():
        if text.startswith("event: "):
            yield text.removeprefix("event: ")


async def test_verdicts_and_summaries_are_told_live_and_the_end_is_prompt(plant: Plant) -> None:
    await plant.judge("a")
    async with ready_page(plant) as page, httpx.AsyncClient() as client:
        async with (
            served(plant.settings, page) as url,
            client.stream("GET", f"{url}/v1/events?line=a") as live,
        ):
            assert live.headers["content-type"].startswith("text/event-stream")
            told = _names(live)
            async with asyncio.timeout(10):
                await _subscribed(page.context.hub)
                await plant.judge("b")
                await plant.judge("a", VerdictKind.DEFECT)
                assert [await anext(told), await anext(told)] == ["verdict", "line"]
            began = time.monotonic()
        assert time.monotonic() - began < 2


async def _subscribed(hub: Hub) -> None:
    while len(hub) == 0:  # noqa: ASYNC110 - the server signals nothing
        await asyncio.sleep(0.01)
