"""The page in Chromium on the real system: what a person presses is in force, and what breaks comes back."""

import asyncio
import re
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
from playwright.async_api import Page, expect

from service.embedded.server import free_port
from tests.browser.chromium import IN_CHROMIUM, person, running_chromium
from tests.parts import draw_part, encode_png
from tests.system.conftest import SIZE
from tests.system.installation import START_SECONDS, Installation
from workers.demo.cells import DEFECTIVE, GOOD, LINES, read_cells, split_cells

pytestmark = [*IN_CHROMIUM, pytest.mark.timeout(300)]
PATIENT = 60_000
CELLS = 20
# Every word that the wizard says of the training, also those that are gone sooner than one could look.
WRITE_DOWN = """
() => { window.writtenDown = [];
        const said = document.getElementById('train-said');
        const watch = new MutationObserver(() => window.writtenDown.push(said.textContent));
        watch.observe(said, { childList: true }); }
"""
HEATMAP_THERE = "document.getElementById('tried-heatmap').naturalWidth > 0"
SEEN = """
() => { const all = [...document.querySelectorAll('.nearest img')];
        return all.length >= 2 && all.every((image) => image.complete && image.naturalWidth > 0); }
"""


@pytest_asyncio.fixture(loop_scope="session")
async def screen() -> AsyncIterator[Page]:
    async with running_chromium() as browser, person(browser) as page:
        yield page


async def judged(installation: Installation, frame_id: str, seed: int, defect: Any = None) -> dict[str, Any]:
    """Send a part and wait for its verdict."""
    return await verdict_of(installation, "flange", frame_id, encode_png(draw_part(seed, defect, size=SIZE)))


async def verdict_of(installation: Installation, line: str, frame_id: str, data: bytes) -> dict[str, Any]:
    """Send a frame and wait for its verdict."""
    await asyncio.to_thread(installation.send, line, data, [("frame-id", frame_id.encode())])
    deadline = time.monotonic() + 60
    async with httpx.AsyncClient(base_url=installation.page) as api:
        while time.monotonic() < deadline:
            found = (await api.get("/v1/verdicts", params={"line": line, "part": frame_id})).json()
            if found["verdicts"]:
                return dict(found["verdicts"][0])
            await asyncio.sleep(0.1)
    raise AssertionError(f"{frame_id} got no verdict within a minute")


async def known(page: str) -> None:
    """Wait until a page has read of the line."""
    async with httpx.AsyncClient(base_url=page) as api, asyncio.timeout(60):
        while (await api.get("/v1/lines/flange")).status_code != 200:  # noqa: ASYNC110 - it signals nothing
            await asyncio.sleep(0.1)


async def test_a_part_approved_by_keyboard_puts_the_next_epoch_in_force(
    installation: Installation, screen: Page
) -> None:
    before = await judged(installation, "good-by-key", 177)
    await screen.goto(f"{installation.page}/lines/flange/frames/{before['frame_uid']}?show=all")
    await expect(screen.locator("#link-state")).to_have_text("Live", timeout=PATIENT)
    await screen.keyboard.press("g")
    epoch = before["epoch"] + 1
    await expect(screen.locator("#epoch")).to_contain_text(f"epoch {epoch}", timeout=PATIENT)
    for number in range(200):
        after = await judged(installation, f"after-key-{number}", 178)
        if after["epoch"] == epoch:
            break
    assert after["epoch"] == epoch
    await screen.goto(f"{installation.page}/lines/flange/frames/{after['frame_uid']}?show=all")
    await expect(screen.locator("#part")).to_contain_text(f"epoch {epoch}, bank")
    await screen.goto(f"{installation.page}/lines/flange/frames/{before['frame_uid']}?show=all")
    await expect(screen.locator("#part .said.done")).to_contain_text(f"Epoch {epoch} in force")


async def test_a_defect_is_shown_beside_the_nearest_good_patches_and_confirmed(
    installation: Installation, screen: Page
) -> None:
    defect = await judged(installation, "a-hole-is-missing", 601, "missing-hole")
    await screen.goto(f"{installation.page}/lines/flange/frames/{defect['frame_uid']}?show=flagged")
    await screen.locator(".nearest").scroll_into_view_if_needed()
    await screen.wait_for_function(SEEN, timeout=PATIENT)
    await screen.keyboard.press("d")
    await expect(screen.locator("#answers-said")).to_contain_text("defect")
    await screen.goto(f"{installation.page}/lines/flange/frames/{defect['frame_uid']}?show=flagged")
    await expect(screen.locator("#part .said.done")).to_contain_text("is a canary", timeout=PATIENT)


async def test_a_page_that_was_started_again_is_live_again_and_has_what_came_meanwhile(
    installation: Installation, screen: Page, tmp_path: Path
) -> None:
    port, settings = free_port(), installation.settings
    web = settings.web.model_copy(update={"port": port, "public_url": f"http://127.0.0.1:{port}"})
    store = settings.store.model_copy(update={"cache_dir": tmp_path})
    other = Installation(settings.model_copy(update={"web": web, "store": store}), installation.cache)
    state = screen.locator("#link-state")
    with other.program("web") as program:
        await asyncio.to_thread(program.wait_for_line, "page ready", START_SECONDS)
        await known(other.page)
        await screen.goto(f"{other.page}/lines/flange?show=all")
        await expect(state).to_have_text("Live", timeout=PATIENT)
    await expect(state).to_have_text("Reconnecting", timeout=PATIENT)
    meanwhile = await judged(installation, "meanwhile", 179)
    with other.program("web") as program:
        await asyncio.to_thread(program.wait_for_line, "page ready", START_SECONDS)
        await expect(state).to_have_text("Live", timeout=PATIENT)
        row = screen.locator(f"#f-{meanwhile['frame_uid']}")
        await expect(row).to_be_visible(timeout=PATIENT)


async def test_the_wizard_leads_from_photos_of_good_cells_to_a_verdict_by_their_bank(
    installation: Installation, screen: Page
) -> None:
    line = "cells-new"
    cells = split_cells(read_cells(), CELLS)
    defective, good = (
        next(cell.path for cell in cells.passing if (cell.line, cell.probability) == (LINES["mono"], wanted))
        for wanted in (DEFECTIVE, GOOD)
    )
    await screen.goto(f"{installation.page}/new-line?line={line}")
    await screen.locator("#files").set_input_files([cell.path for cell in cells.taught[LINES["mono"]]])
    await expect(screen.locator("#parts-advice")).to_contain_text(f"{CELLS} good parts", timeout=PATIENT)
    await expect(screen.locator("#train")).to_be_enabled()
    await screen.evaluate(WRITE_DOWN)
    await screen.locator("#train").click()
    await expect(screen.locator("#step-look")).to_be_visible(timeout=2 * PATIENT)
    told = await screen.evaluate("window.writtenDown")
    assert any(re.search(r"\d of \d", words) for words in told), told
    assert await screen.locator("#histogram rect").count() > 0
    await screen.locator("#try-file").set_input_files(defective)
    await expect(screen.locator("#tried-verdict")).to_contain_text("Score", timeout=PATIENT)
    await screen.wait_for_function(HEATMAP_THERE, timeout=PATIENT)
    await screen.locator("#activate").click()
    await expect(screen.locator("#force-said")).to_have_text("Epoch 1 is in force.", timeout=PATIENT)
    async with httpx.AsyncClient(base_url=installation.page) as api:
        in_force = (await api.get(f"/v1/lines/{line}")).json()
    for number in range(200):
        verdict = await verdict_of(installation, line, f"cell-{number}", good.read_bytes())
        if verdict["epoch"] is not None:  # The inspector may not have heard of the line's first bank yet.
            break
    assert (verdict["epoch"], verdict["bank_version"]) == (1, in_force["version"])
    assert verdict["verdict"] in ("ok", "review", "defect")
    await screen.locator("#to-line").click()
    await expect(screen.locator("#epoch")).to_contain_text("epoch 1")
