"""``python -m tests.browser.screenshots FOLDER [--cells]``: the README's pictures, from drawn parts, or the
same from the real cells of a demo, which are not to be committed."""

import asyncio
import io
import sys
import tempfile
from pathlib import Path

from PIL import Image
from playwright.async_api import Page, expect

from tests.browser.cells import CELLS, demo_page
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
                await look(page, url + path, folder / f"{name}.png")
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
                await look(page, f"{url}/lines/{LINE}/{path}", folder / f"{name}.png")


async def take_cells(folder: Path) -> None:
    """The same four from a demo, once both of its lines have defects."""
    paths = (("", "wall"), (f"lines/{CELLS}?show=defect", "review"))
    taught_paths = ((f"lines/{CELLS}/bank", "teach"), (f"lines/{CELLS}/threshold", "threshold"))
    async with demo_page() as url, running_chromium() as browser, person(browser, LOOK) as page:
        for path, name in (*paths, *taught_paths):
            await look(page, f"{url}/{path}", folder / f"{name}.png")


async def look(page: Page, url: str, target: Path) -> None:
    """Go there, and save what is seen once the page is live."""
    await page.goto(url)
    await expect(page.locator("#link-state")).to_have_text("Live")
    await save(page, target)


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
    asyncio.run(take_cells(target) if "--cells" in sys.argv[2:] else take(target))
