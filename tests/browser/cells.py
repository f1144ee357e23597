"""The page of a demo, with real cells on it."""

import asyncio
import os
import re
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx

CELLS = "cells-mono"
RATE = 8
_PAGE = re.compile(rb"The page is (http://\S+)")
_START_SECONDS, _DEFECT_SECONDS = 240.0, 120.0


@asynccontextmanager
async def demo_page() -> AsyncIterator[str]:
    """The address of a demo's page, once both lines have shown defects; the demo ends with the block."""
    demo = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "workers", "demo", "--rate", str(RATE)),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        # A pipe would otherwise hear of the page when the demo ends.
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    try:
        url = await asyncio.wait_for(_address(demo), _START_SECONDS)
        reading = asyncio.create_task(_read_on(demo))
        await asyncio.wait_for(_defects(url), _DEFECT_SECONDS)
        yield url
        reading.cancel()
    finally:
        demo.terminate()
        await demo.wait()


async def _address(demo: asyncio.subprocess.Process) -> str:
    said = b""
    while demo.stdout is not None and (line := await demo.stdout.readline()):
        said += line
        if found := _PAGE.search(line):
            return found[1].decode()
    raise RuntimeError(f"the demo told of no page: {said.decode()[-500:]}")


async def _read_on(demo: asyncio.subprocess.Process) -> None:
    """It would stand still with a full pipe."""
    while demo.stdout is not None and await demo.stdout.read(65536):
        pass


async def _defects(url: str) -> None:
    async with httpx.AsyncClient(base_url=url) as client:
        for line in (CELLS, "cells-poly"):
            asked = {"line": line, "verdict": "defect"}
            while not (await client.get("/v1/verdicts", params=asked)).json()["verdicts"]:  # noqa: ASYNC110 - a page signals nothing
                await asyncio.sleep(1)
