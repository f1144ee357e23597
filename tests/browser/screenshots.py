"""``python -m tests.browser.screenshots FOLDER``: the README's pictures, from drawn parts."""

import asyncio
import io
import sys
import tempfile
from pathlib import Path

from PIL import Image
from playwright.async_api import Page, expect

from tests.browser.chromium import Look, person, running_chromium
from tests.browser.scene import shown
from tests.browser.taught import LINE, taught

# Enough for a page with a grey part on it, in a third of the bytes.
COLOURS = 200
LOOK = Look(width=1280, height=820)
# Those further down are fetched when somebody scrolls there.
PICTURES = """
[...document.images]
  .filter((image) => image.checkVisibility() && image.getBoundingClientRect().top < innerHeight)
  .every((image) => image.complete)
"""


async def take(folder: Path) -> None:
    """The wall, and a defect under review. Raises playwright's ``Error`` when the page hangs."""
    with tempfile.TemporaryDirectory() as scratch:
        async with (
            shown(Path(scratch)) as (url, _),
            running_chromium() as browser,
            person(browser, LOOK) as page,
        ):
            for path, name in (("/", "wall"), ("/lines/flange-top?show=defect", "review")):
                await page.goto(url + path)
                await expect(page.locator("#link-state")).to_have_text("Live")
                await save(page, folder / f"{name}.png")
    await take_taught(folder)


async def take_taught(folder: Path) -> None:
    """The story of a bank, and the rates on its histogram."""
    with tempfile.TemporaryDirectory() as scratch:
        async with (
            taught(Path(scratch)) as (url, _),
            running_chromium() as browser,
            person(browser, LOOK) as page,
        ):
            for path, name in (("bank", "teach"), ("threshold", "threshold")):
                await page.goto(f"{url}/lines/{LINE}/{path}")
                await expect(page.locator("#link-state")).to_have_text("Live")
                await save(page, folder / f"{name}.png")


async def save(page: Page, target: Path) -> None:
    """A picture of what is in sight, once all of it was fetched."""
    async with asyncio.timeout(60):
        # Asked from outside: waiting inside of the page would evaluate a string, which its policy forbids.
        while not await page.evaluate(PICTURES):  # noqa: ASYNC110 - the browser sets no event of ours
            await asyncio.sleep(0.05)
    shot = Image.open(io.BytesIO(await page.screenshot()))
    shot.convert("RGB").quantize(COLOURS, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE).save(
        target, optimize=True
    )


if __name__ == "__main__":
    target = Path(sys.argv[1])
    target.mkdir(parents=True, exist_ok=True)
    asyncio.run(take(target))
