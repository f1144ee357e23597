"""One browser for the whole folder; each test has its scene and its people."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio
from playwright.async_api import Browser, Page

from tests.browser.chromium import person, running_chromium
from tests.browser.scene import Scene, shown


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    async with running_chromium() as made:
        yield made


@pytest_asyncio.fixture(loop_scope="session")
async def page(browser: Browser) -> AsyncIterator[Page]:
    """One person at a screen of 1280 x 900."""
    async with person(browser) as made:
        yield made


@pytest_asyncio.fixture(loop_scope="session")
async def scene(tmp_path: Path) -> AsyncIterator[tuple[str, Scene]]:
    """The page over drawn lines: its address, and what can be made to happen there."""
    async with shown(tmp_path) as made:
        yield made
