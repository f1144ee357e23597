"""The program: it says where it is, and ends in time."""

import asyncio
import os
import signal

import pytest
import structlog

from service.settings import SettingsError, WebSettings
from tests.web.plant import Plant
from workers.web.program import serve


async def test_the_page_says_its_address_and_stops_on_sigterm(plant: Plant) -> None:
    with structlog.testing.capture_logs() as logs:
        running = asyncio.create_task(serve(plant.settings, broker=plant.broker, store=plant.store))
        async with asyncio.timeout(20):
            while not any(entry["event"] == "page ready" for entry in logs):  # noqa: ASYNC110 - a log signals nothing
                await asyncio.sleep(0.02)
            os.kill(os.getpid(), signal.SIGTERM)
            assert await running == 0
    [ready] = [entry for entry in logs if entry["event"] == "page ready"]
    assert ready["url"].startswith("http://127.0.0.1:")
    assert not ready["url"].endswith(":0")


async def test_an_address_that_others_reach_is_refused_before_anything_begins(plant: Plant) -> None:
    open_to_all = plant.settings.model_copy(update={"web": WebSettings(host="0.0.0.0")})
    with pytest.raises(SettingsError, match=r"0\.0\.0\.0"):
        await serve(open_to_all, broker=plant.broker, store=plant.store)
