"""The page in a real browser: an operator teaches a part, and the list never moves under their hand."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.browser.chromium import Look, Tab, browser, chromium
from tests.browser.scene import Scene, shown

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(chromium() is None, reason="chromium is not installed: apt-get install chromium"),
]
LIVE = "document.getElementById('link-state').dataset.state === 'live'"
FIRST = "document.querySelector('.row .name').innerText"
SMALL = """
[...document.querySelectorAll('a, button, input')]
  .filter((e) => !e.closest('h2, .skip'))
  .map((e) => [e.getBoundingClientRect(), e])
  .filter(([box]) => box.width > 0 && box.height < 43.5)
  .map(([, e]) => e.outerHTML.slice(0, 80))
"""


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[tuple[str, Scene]]:
    async with shown(tmp_path) as made:
        yield made


@pytest.fixture
async def tab() -> AsyncIterator[Tab]:
    async with browser() as made:
        yield made


async def test_an_operator_teaches_a_part_and_sees_it_take_effect(scene: tuple[str, Scene], tab: Tab) -> None:
    url, there = scene
    await tab.open(f"{url}/lines/flange-top")
    await tab.until(LIVE)
    await tab.run("document.querySelector('.row .badge.defect').closest('a').click()")
    await tab.until("document.querySelector('#detail-body [data-approve]')")
    await tab.run("document.getElementById('why').value = 'only oil'")
    await tab.run("document.querySelector('[data-approve] button').click()")
    await tab.until("document.querySelector('#detail-body .said')")
    [(command, _)] = await there.plant.commands()
    assert command.why == "only oil"
    await there.plant.activate("flange-top", 4)
    await there.plant.answer("flange-top", str(command.command_id), epoch=4)
    await tab.until(
        "document.querySelector('#detail-body .said.done')?.innerText.includes('Epoch 4 in force')"
    )
    await tab.until("document.getElementById('epoch').innerText === 'epoch 4'")
    await tab.until("document.querySelector('.row .taught')?.innerText.includes('in the bank')")


async def test_the_list_grows_at_its_top_and_waits_while_it_is_in_use(
    scene: tuple[str, Scene], tab: Tab
) -> None:
    url, there = scene
    await tab.open(f"{url}/lines/flange-top")
    await tab.until(LIVE)
    newest = await there.judge("flange-top", 100, datetime.now(UTC))
    await tab.until(f"{FIRST} === '{newest.frame_id}'")
    await tab.run("document.querySelector('.row a').focus()")
    for part in (101, 102):
        later = await there.judge("flange-top", part, datetime.now(UTC))
    await tab.until("document.getElementById('fresh').innerText === '2 new'")
    assert await tab.run(FIRST) == newest.frame_id
    await tab.run("document.activeElement.blur()")
    await tab.run("document.getElementById('fresh').click()")
    await tab.until(f"{FIRST} === '{later.frame_id}'")


async def test_every_page_fits_and_can_be_touched_at_every_width(scene: tuple[str, Scene], tab: Tab) -> None:
    url, there = scene
    frame = (await there.judge("flange-top", 8, datetime.now(UTC))).frame_uid
    for width in (320, 390, 1024):
        for path in ("/", "/lines/flange-top", f"/lines/flange-top/frames/{frame}", "/nowhere"):
            await tab.open(url + path, Look(width=width, height=800))
            assert await tab.run("document.documentElement.scrollWidth <= innerWidth"), (width, path)
            assert await tab.run(SMALL) == [], (width, path)
