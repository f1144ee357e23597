"""``python -m tests.browser.screenshots FOLDER``: the README's pictures, from drawn parts."""

import asyncio
import sys
import tempfile
from pathlib import Path

from tests.browser.chromium import Look, browser
from tests.browser.scene import shown

LIVE = "document.getElementById('link-state').dataset.state === 'live'"
FLAGGED = "document.querySelector('.row .badge.defect').closest('a').click()"
# Those further down are fetched when somebody scrolls there.
PICTURES = """
[...document.images]
  .filter((image) => image.getBoundingClientRect().top < innerHeight)
  .every((image) => image.complete)
"""


async def take(folder: Path) -> None:
    """One line, and one part with its heatmap. Raises ``TimeoutError`` when the page hangs."""
    with tempfile.TemporaryDirectory() as scratch:
        async with shown(Path(scratch)) as (url, _), browser() as tab:
            look = Look(width=1280, height=820)
            await tab.open(f"{url}/lines/flange-top", look)
            await tab.until(LIVE)
            await tab.until(PICTURES)
            await tab.picture(folder / "line.png")
            await tab.run(FLAGGED)
            await tab.until("document.querySelector('#detail-body [data-approve]')")
            await tab.until(PICTURES)
            await tab.picture(folder / "part.png")


if __name__ == "__main__":
    target = Path(sys.argv[1])
    target.mkdir(parents=True, exist_ok=True)
    asyncio.run(take(target))
