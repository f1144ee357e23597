"""Debian's Chromium, driven by Playwright: no browser is downloaded."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest
from playwright.async_api import Browser, Page, Route, async_playwright

FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--hide-scrollbars")


@dataclass(frozen=True)
class Look:
    """How a page is looked at."""

    width: int = 1280
    height: int = 900
    dark: bool = False
    still: bool = True


def chromium() -> str | None:
    """The browser's path, None when it is not installed."""
    return shutil.which("chromium") or shutil.which("chromium-browser")


# Every test of this folder: ``pytestmark = IN_CHROMIUM``. One event loop, so that one browser serves all.
IN_CHROMIUM = [
    pytest.mark.slow,
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.skipif(
        chromium() is None,
        reason="chromium is not installed: apt-get install chromium",
    ),
]


@asynccontextmanager
async def running_chromium() -> AsyncIterator[Browser]:
    """A browser, gone after the block. Raises ``RuntimeError`` without one."""
    path = chromium()
    if path is None:
        raise RuntimeError("chromium is not installed: apt-get install chromium")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        try:
            yield browser
        finally:
            await browser.close()


@asynccontextmanager
async def person(browser: Browser, look: Look | None = None) -> AsyncIterator[Page]:
    """A page with cookies of its own: one person at one screen. An error in a script fails the block."""
    seen = look or Look()
    context = await browser.new_context(
        viewport={"width": seen.width, "height": seen.height},
        color_scheme="dark" if seen.dark else "light",
        reduced_motion="reduce" if seen.still else "no-preference",
        has_touch=seen.width < 600,
    )
    errors: list[str] = []
    page = await context.new_page()
    page.on("pageerror", lambda error: errors.append(str(error)))
    try:
        yield page
    finally:
        await context.close()
    assert not errors, errors


async def events_wait(page: Page) -> asyncio.Event:
    """Keep the live stream from the page until the event that is given back is set."""
    begin = asyncio.Event()

    async def late(route: Route) -> None:
        await begin.wait()
        await route.continue_()

    await page.route("**/v1/events*", late)
    return begin


async def answers(page: Page, url: str, key: str, value: object) -> None:
    """Wait until the API says so, whatever the page shows."""
    async with asyncio.timeout(10):
        while (await (await page.request.get(url)).json())[key] != value:  # noqa: ASYNC110 - it signals nothing
            await asyncio.sleep(0.05)
