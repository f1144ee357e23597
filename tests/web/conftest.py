"""A page over a plant in memory, asked without a network."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from service.web.app import create_app
from service.web.page import Page, fed_page
from tests.web.plant import Plant
from tests.web.staff import Staff, quick_hashes

OWN = "http://127.0.0.1:8080"
Until = Callable[[Callable[[], Awaitable[bool]]], Awaitable[None]]


@pytest.fixture
async def plant(tmp_path: Path) -> Plant:
    made = Plant(tmp_path)
    await made.open()
    return made


@pytest.fixture
def staff(plant: Plant, monkeypatch: pytest.MonkeyPatch) -> Staff:
    """The plant has users from now on."""
    quick_hashes(monkeypatch)
    return Staff(plant.settings.web.accounts)


@asynccontextmanager
async def ready_page(plant: Plant) -> AsyncIterator[Page]:
    """A page that has read all that the plant wrote before."""
    async with fed_page(plant.settings, plant.broker, plant.store) as page:
        await asyncio.wait_for(page.feed.ready(), 10)
        yield page


@asynccontextmanager
async def client_of(page: Page) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the page's own origin; errors that we did not foresee are answered, not raised."""
    app = create_app(page.context, version="0")
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url=OWN) as client:
        yield client


@pytest.fixture
async def page(plant: Plant) -> AsyncIterator[Page]:
    async with ready_page(plant) as made:
        yield made


@pytest.fixture
async def client(page: Page) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(page) as made:
        yield made


@pytest.fixture
def until() -> Until:
    """Waits for what must come true within seconds."""

    async def wait(true: Callable[[], Awaitable[bool]]) -> None:
        async with asyncio.timeout(10):
            while not await true():  # noqa: ASYNC110 - it asks the page, which signals nothing
                await asyncio.sleep(0.02)

    return wait
