"""What axe-core finds on a page: WCAG 2.2 AA, in light and in dark."""

from typing import Any

from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page

RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}


async def assert_accessible(page: Page) -> None:
    """No finding of axe-core on the page as it is now. Dialogs and the like must be open when it is called;
    the page's colour scheme is light afterwards."""
    found: list[str] = []
    for scheme in ("dark", "light"):
        await page.emulate_media(color_scheme=scheme)
        found += [f"{scheme}: {finding}" for finding in await _findings(page)]
    assert not found, "\n".join([page.url, *found])


async def _findings(page: Page) -> list[str]:
    results: dict[str, Any] = (await Axe().run(page, options=RULES)).response
    return [
        f"{rule['impact']} {rule['id']}: {rule['help']}: {node['html'][:160]} {node['failureSummary']}"
        for rule in results["violations"]
        for node in rule["nodes"]
    ]
