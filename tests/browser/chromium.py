"""Chromium without a window, driven over its debugging pipe: no driver to install, no port to open."""

import asyncio
import base64
import json
import os
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

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
    "--remote-debugging-pipe",
)
# The browser reads commands from descriptor 3 and answers on 4.
LAUNCH = """
import os, sys
os.dup2(int(sys.argv[1]), 3)
os.dup2(int(sys.argv[2]), 4)
os.execv(sys.argv[3], sys.argv[3:])
"""
ANSWER_BYTES = 64 * 2**20


@dataclass(frozen=True)
class Look:
    """How a page is looked at."""

    width: int = 1280
    height: int = 900
    dark: bool = False


def chromium() -> str | None:
    """The browser's path, None when it is not installed."""
    return shutil.which("chromium") or shutil.which("chromium-browser")


class Tab:
    """One page of a running browser."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._numbers = count(1)
        self._session: str | None = None

    async def open(self, url: str, look: Look | None = None) -> None:
        """Show a page, in a tab of its own when this is the first."""
        seen = look or Look()
        if self._session is None:
            target = await self.ask("Target.createTarget", url="about:blank")
            attached = await self.ask("Target.attachToTarget", targetId=target["targetId"], flatten=True)
            self._session = attached["sessionId"]
        size = {
            "width": seen.width,
            "height": seen.height,
            "deviceScaleFactor": 1,
            "mobile": seen.width < 600,
        }
        await self.ask("Emulation.setDeviceMetricsOverride", **size)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if seen.dark else "light"}
        await self.ask("Emulation.setEmulatedMedia", features=[scheme])
        await self.ask("Page.navigate", url="about:blank")
        await self.ask("Page.navigate", url=url)
        await self.until("document.readyState === 'complete'")

    async def run(self, script: str) -> Any:
        """The value of a script, a promise's too; raises ``RuntimeError`` when it throws."""
        answer = await self.ask("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in answer:
            raise RuntimeError(f"{script!r} threw {answer['exceptionDetails']}")
        return answer["result"].get("value")

    async def until(self, script: str, *, seconds: float = 20) -> None:
        """Wait for a script to become true; raises ``TimeoutError``."""
        async with asyncio.timeout(seconds):
            while not await self.run(f"Boolean({script})"):  # noqa: ASYNC110 - the page signals nothing
                await asyncio.sleep(0.05)

    async def picture(self, target: Path) -> None:
        """Write a PNG of what is in sight."""
        answer = await self.ask("Page.captureScreenshot", format="png")
        await asyncio.to_thread(target.write_bytes, base64.b64decode(answer["data"]))

    async def ask(self, method: str, **values: Any) -> dict[str, Any]:
        """A command of the DevTools protocol and its answer; raises ``RuntimeError`` when it is refused."""
        number = next(self._numbers)
        session = {"sessionId": self._session} if self._session else {}
        self._writer.write(json.dumps({"id": number, "method": method, "params": values, **session}).encode())
        self._writer.write(b"\0")
        await self._writer.drain()
        while True:
            told = json.loads((await self._reader.readuntil(b"\0"))[:-1])
            if told.get("id") == number:
                break
        if "error" in told:
            raise RuntimeError(f"chromium refused {method}: {told['error']['message']}")
        return dict(told["result"])


@asynccontextmanager
async def browser() -> AsyncIterator[Tab]:
    """A browser with a profile of its own, gone after the block. Raises ``RuntimeError`` without one."""
    path = chromium()
    if path is None:
        raise RuntimeError("chromium is not installed: apt-get install chromium")
    (read_there, write_here), (read_here, write_there) = os.pipe(), os.pipe()
    with tempfile.TemporaryDirectory(prefix="patchline-chromium-", ignore_cleanup_errors=True) as profile:
        command = (path, *FLAGS, f"--user-data-dir={profile}", "about:blank")
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", LAUNCH, str(read_there), str(write_there), *command),
            pass_fds=(read_there, write_there),
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        os.close(read_there)
        os.close(write_there)
        reader, writer = await _streams(read_here, write_here)
        try:
            tab = Tab(reader, writer)
            yield tab
        finally:
            process.kill()
            await process.wait()
            writer.close()


async def _streams(read: int, write: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(limit=ANSWER_BYTES)
    protocol = asyncio.StreamReaderProtocol(reader)
    await loop.connect_read_pipe(lambda: protocol, os.fdopen(read, "rb", 0))
    transport, _ = await loop.connect_write_pipe(
        lambda: asyncio.streams.FlowControlMixin(), os.fdopen(write, "wb", 0)
    )
    return reader, asyncio.StreamWriter(transport, protocol, reader, loop)
