"""The page in a real browser: an operator teaches a part, and the list never moves under their hand."""

from datetime import UTC, datetime

from playwright.async_api import Page, expect

from tests.browser.chromium import IN_CHROMIUM
from tests.browser.scene import Scene

pytestmark = IN_CHROMIUM


async def test_an_operator_teaches_a_part_and_sees_it_take_effect(
    scene: tuple[str, Scene], page: Page
) -> None:
    url, there = scene
    await page.goto(f"{url}/lines/flange-top")
    await page.locator(".row .badge.defect").first.click()
    await page.get_by_label("Note").fill("only oil")
    await page.locator("[data-approve] button").click()
    await expect(page.locator("#detail-body .said")).to_be_visible()
    [(command, _)] = await there.plant.commands()
    assert command.why == "only oil"
    await there.plant.activate("flange-top", 4)
    await there.plant.answer("flange-top", str(command.command_id), epoch=4)
    await expect(page.locator("#detail-body .said.done")).to_contain_text("Epoch 4 in force")
    await expect(page.locator("#epoch")).to_have_text("epoch 4")
    await expect(page.locator(".row .taught").first).to_contain_text("in the bank")


async def test_the_list_grows_at_its_top_and_waits_while_it_is_in_use(
    scene: tuple[str, Scene], page: Page
) -> None:
    url, there = scene
    await page.goto(f"{url}/lines/flange-top")
    await expect(page.locator("#link-state")).to_have_text("Live")
    first = page.locator(".row .name").first
    newest = await there.judge("flange-top", 100, datetime.now(UTC))
    await expect(first).to_have_text(newest.frame_id)
    await page.locator(".row a").first.focus()
    for part in (101, 102):
        later = await there.judge("flange-top", part, datetime.now(UTC))
    await expect(page.locator("#fresh")).to_have_text("2 new")
    await expect(first).to_have_text(newest.frame_id)
    await page.locator("#fresh").click()
    await expect(first).to_have_text(later.frame_id)
