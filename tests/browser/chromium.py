"""Chromium without a window: takes pictures of a page, for eyes and for the repository."""

import asyncio
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
)
# A live page never falls silent, so the picture is taken after so long, not when loading ends.
SETTLE_MS = 2500


@dataclass(frozen=True)
class Look:
    """How a page is looked at."""

    width: int = 1280
    height: int = 900
    dark: bool = False


def chromium() -> str | None:
    """The browser's path, None when it is not installed."""
    return shutil.which("chromium") or shutil.which("chromium-browser")


async def screenshot(url: str, target: Path, look: Look | None = None, *, seconds: float = 60) -> None:
    """Write a PNG of the page; raises ``RuntimeError`` when there is none in time."""
    seen = look or Look()
    with tempfile.TemporaryDirectory(prefix="patchline-chromium-") as profile:
        scheme = "0" if seen.dark else "1"
        process = await asyncio.create_subprocess_exec(
            chromium() or "chromium",
            *FLAGS,
            f"--user-data-dir={profile}",
            f"--blink-settings=preferredColorScheme={scheme}",
            f"--window-size={seen.width},{seen.height}",
            f"--timeout={SETTLE_MS}",
            f"--screenshot={target}",
            url,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        try:
            await asyncio.wait_for(process.wait(), seconds)
        except TimeoutError:
            process.kill()
            await process.wait()
        if not await asyncio.to_thread(target.exists):
            raise RuntimeError(f"{url} gave no picture within {seconds:g} s: is chromium installed?")
