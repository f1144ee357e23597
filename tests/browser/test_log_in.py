"""Logging in and out, by keyboard, in a real browser; and leaving when one is no longer let in."""

import pytest
from playwright.async_api import Browser, Page, expect

from service.web.api import events
from tests.browser.accessible import assert_accessible
from tests.browser.chromium import IN_CHROMIUM
from tests.browser.scene import Scene
from tests.web.staff import PASSWORD, ROOT, Staff, quick_hashes

pytestmark = IN_CHROMIUM


@pytest.fixture
def staff(scene: tuple[str, Scene], monkeypatch: pytest.MonkeyPatch) -> Staff:
    quick_hashes(monkeypatch)
    monkeypatch.setattr(events, "ADMITTED_SECONDS", 0.2)
    return Staff(scene[1].plant.settings.web.accounts)


async def log_in(page: Page, name: str) -> None:
    await page.locator("#name").fill(name)
    await page.locator("#password").fill(PASSWORD)
    await page.keyboard.press("Enter")


async def test_a_person_logs_in_by_keyboard_is_named_and_logs_out(
    scene: tuple[str, Scene], staff: Staff, page: Page
) -> None:
    url, _ = scene
    await page.goto(f"{url}/lines/flange-top")
    await expect(page).to_have_url(f"{url}/login?next=/lines/flange-top")
    await assert_accessible(page)
    await page.keyboard.type("otto")
    await page.keyboard.press("Tab")
    await page.keyboard.type("a wrong password")
    await page.keyboard.press("Enter")
    await expect(page.locator("[data-said]")).to_contain_text("wrong")
    await page.locator("#password").fill(PASSWORD)
    await page.keyboard.press("Enter")
    await expect(page).to_have_url(f"{url}/lines/flange-top")
    await expect(page.locator(".account summary")).to_contain_text("otto")
    await expect(page.get_by_role("link", name="Users")).to_have_count(0)
    await expect(page.locator("#link-state")).to_have_attribute("data-state", "live", timeout=30_000)
    await page.locator(".account summary").click()
    await page.locator("[data-log-out]").click()
    await expect(page).to_have_url(f"{url}/login", timeout=30_000)


async def test_who_is_removed_is_led_to_the_log_in_by_the_live_page_itself(
    scene: tuple[str, Scene], staff: Staff, page: Page
) -> None:
    url, _ = scene
    await page.goto(f"{url}/")
    await log_in(page, "otto")
    await expect(page.locator("#link-state")).to_have_attribute("data-state", "live")
    staff.accounts.remove_user("otto", ROOT)
    await expect(page).to_have_url(f"{url}/login?next=%2F", timeout=30_000)


async def test_an_engineer_adds_a_user_and_a_second_look_at_a_stale_one_is_refused(
    scene: tuple[str, Scene], staff: Staff, browser: Browser, page: Page
) -> None:
    url, _ = scene
    await page.goto(f"{url}/users")
    await log_in(page, "eva")
    await expect(page).to_have_url(f"{url}/users")
    await assert_accessible(page)
    await page.locator("[data-add-user] [name=name]").fill("ida")
    await page.locator("[data-add-user] [name=password]").fill(PASSWORD)
    await page.locator("[data-add-user] button").click()
    row = page.locator("[data-user=ida]")
    await expect(row).to_have_count(1)
    staff.accounts.set_password("ida", "four green lathes", ROOT)
    await row.locator("[data-role]").select_option("engineer")
    await expect(page.locator("#said")).to_contain_text("changed meanwhile")
    ida = staff.accounts.user("ida")
    assert ida is not None
    assert ida.role.value == "viewer"


async def test_a_person_changes_their_own_password_by_keyboard(
    scene: tuple[str, Scene], staff: Staff, page: Page
) -> None:
    url, _ = scene
    await page.goto(f"{url}/password")
    await log_in(page, "otto")
    await expect(page).to_have_url(f"{url}/password")
    # The scripts have run by then: before, the browser would send the form by itself.
    await page.wait_for_load_state("load")
    for old, new, again, told in (
        (PASSWORD, "four green lathes", "four green lates", "differ"),
        ("a wrong password", "four green lathes", "four green lathes", "old password is wrong"),
        (PASSWORD, "four green lathes", "four green lathes", "is changed"),
    ):
        await page.locator("#old").fill(old)
        await page.locator("#new").fill(new)
        await page.locator("#again").fill(again)
        await page.keyboard.press("Enter")
        await expect(page.locator("[data-password]")).to_contain_text(told)
        await assert_accessible(page)
    assert staff.accounts.log_in("otto", "four green lathes", "here") is not None
    await page.locator(".account summary").click()
    await expect(page.get_by_role("link", name="Change password")).to_be_visible()
