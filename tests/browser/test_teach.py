"""Teaching in a real browser: rates dragged and saved, a bank rolled back, dead letters sent again."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest_asyncio
from playwright.async_api import Browser, FilePayload, Page, expect

from schemas.command import Rollback, SetFalseAlarmRate
from schemas.line_event import LineEvent
from schemas.reasons import LineEventKind
from schemas.topics import TOPICS, TopicKind
from service.letters.selection import every_record
from tests.browser.accessible import assert_accessible
from tests.browser.chromium import IN_CHROMIUM, person
from tests.browser.taught import LINE, taught
from tests.parts import draw_part, encode_png
from tests.web.plant import Plant

pytestmark = IN_CHROMIUM


@pytest_asyncio.fixture(loop_scope="session")
async def site(tmp_path: Path) -> AsyncIterator[tuple[str, Plant]]:
    async with taught(tmp_path) as made:
        yield made


async def test_every_teach_page_is_accessible(site: tuple[str, Plant], browser: Browser) -> None:
    url, _ = site
    async with person(browser) as page:
        for path in (f"/lines/{LINE}/bank", f"/lines/{LINE}/threshold", f"/new-line?line={LINE}", "/system"):
            await page.goto(url + path)
            await assert_accessible(page)


async def test_a_threshold_is_dragged_and_saved_for_its_epoch_and_a_stale_one_is_shown(
    site: tuple[str, Plant], page: Page
) -> None:
    url, plant = site
    await page.goto(f"{url}/lines/{LINE}/threshold")
    handle = page.locator("#defect-handle")
    await expect(handle).to_have_attribute("aria-valuenow", "0")
    before = await page.locator("#count-defect [data-then]").inner_text()
    grip = await handle.locator(".grip").bounding_box()
    assert grip is not None
    x, y = grip["x"] + grip["width"] / 2, grip["y"] + grip["height"] / 2
    await page.mouse.move(x, y)
    await page.mouse.down()
    await page.mouse.move(x - 320, y, steps=4)
    await page.mouse.up()
    assert int(await handle.get_attribute("aria-valuenow") or 0) > 1
    assert int(await page.locator("#count-defect [data-then]").inner_text()) > int(before)
    dragged = int(await handle.get_attribute("aria-valuenow") or 0)
    await handle.press("ArrowRight")
    await expect(handle).to_have_attribute("aria-valuenow", str(dragged - 1))
    await page.locator("#save").click()
    await expect(page.locator("#said")).to_contain_text("rebuilder")
    [(command, _)] = await plant.commands()
    assert isinstance(command, SetFalseAlarmRate)
    assert command.based_on_epoch == 3
    await plant.answer(LINE, str(command.command_id), epoch=None)
    await expect(page.locator("#stale")).to_be_visible()


async def test_an_epoch_is_gone_back_to_from_the_story(site: tuple[str, Plant], page: Page) -> None:
    url, plant = site
    await page.goto(f"{url}/lines/{LINE}/bank")
    await page.locator('[data-change="3"]').click()
    await expect(page.locator("#change-3")).to_contain_text("good-065.jpg")
    await page.locator("#epoch-2").get_by_role("button", name="Go back to this").click()
    await page.locator("#confirm-why").fill("too many alarms since")
    await page.locator("#confirm-yes").click()
    await expect(page.locator("#job")).to_be_visible()
    [(command, _)] = await plant.commands()
    assert isinstance(command, Rollback)
    assert (command.to_epoch, command.why) == (2, "too many alarms since")
    await plant.answer(LINE, str(command.command_id), epoch=4)
    await expect(page.locator("#job")).to_be_hidden()


async def test_a_rollback_tells_how_far_it_is_and_how_long_it_still_takes(
    site: tuple[str, Plant], page: Page
) -> None:
    url, plant = site
    await page.goto(f"{url}/lines/{LINE}/bank")
    await page.locator("#epoch-2").get_by_role("button", name="Go back to this").click()
    await page.locator("#confirm-why").fill("too many alarms since")
    await page.locator("#confirm-yes").click()
    job = page.locator("#job")
    await expect(job).to_contain_text("Waiting for the rebuilder")
    [(command, _)] = await plant.commands()
    for share, left, words in ((0.25, 240.0, "about 4 min left"), (0.75, 12.4, "about 12 s left")):
        progress = LineEvent(
            kind=LineEventKind.BUILD_PROGRESS,
            line=LINE,
            sentence="Choosing vectors",
            command_id=command.command_id,
            share_done=share,
            seconds_left=left,
            at=datetime.now(UTC),
        )
        await plant.write(TopicKind.LINE_EVENTS, LINE, progress)
        await expect(job).to_contain_text(f"Choosing vectors; {words}")
        await expect(page.locator("#job-share")).to_have_js_property("value", share)
    await assert_accessible(page)
    await plant.answer(LINE, str(command.command_id), epoch=4)
    await expect(job).to_be_hidden()


async def test_a_dead_letter_is_replayed_and_leaves_the_list(site: tuple[str, Plant], page: Page) -> None:
    url, plant = site
    await page.goto(f"{url}/system?reason=truncated")
    await page.locator("[data-letter]").check()
    await page.locator("#replay").click()
    await expect(page.locator("#letters")).to_contain_text("None of this reason")
    topic = TOPICS[TopicKind.FRAMES].name(plant.settings.kafka.topic_prefix)
    (sent,) = [record async for record in every_record(plant.broker, topic)]
    assert sent.key == LINE.encode()
    assert dict(sent.headers)["replay-of"] == b"frames/0/2"


async def test_the_wizard_says_what_the_chosen_parts_are_enough_for(
    site: tuple[str, Plant], page: Page
) -> None:
    url, _ = site
    await page.goto(f"{url}/new-line?line={LINE}-2")
    advice = page.locator("#parts-advice")
    await expect(advice).to_be_hidden()
    await page.locator("#files").set_input_files([photo(number) for number in range(4)])
    await expect(advice).to_have_text("4 good parts cannot make a bank: take at least 5, better 50.")
    await page.locator("#files").set_input_files([photo(number) for number in range(4, 8)])
    await expect(advice).to_contain_text("8 good parts: enough to see whether the view")
    await expect(advice).to_contain_text("1 % needs 99. Next aim: 20.")
    await page.locator("#rate").fill("20")
    await page.keyboard.press("Tab")
    await expect(advice).not_to_contain_text("needs")
    await page.get_by_role("button", name="Take out part-0.png").click()
    await expect(advice).to_contain_text("7 good parts")
    await assert_accessible(page)


def photo(number: int) -> FilePayload:
    return {
        "name": f"part-{number}.png",
        "mimeType": "image/png",
        "buffer": encode_png(draw_part(number, None, (64, 64))),
    }
