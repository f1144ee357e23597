"""A page as a process of its own, and many browsers on its live stream, as one that reads what they would."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import TracebackType
from typing import TYPE_CHECKING, Self
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from service.settings import Settings

_PAGE_SECONDS = 60.0

# Reads so many streams until it is told to end, and counts the verdicts that came.
_READERS = """
import asyncio, sys
async def read(port, heads):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET /v1/events HTTP/1.1\\r\\nHost: 127.0.0.1\\r\\nAccept: text/event-stream\\r\\n\\r\\n")
    await writer.drain()
    await reader.readuntil(b"\\r\\n\\r\\n")
    heads.release()
    while data := await reader.read(65536):
        COUNT[0] += data.count(b"event: verdict")
async def main(port, count):
    heads = asyncio.Semaphore(0)
    streams = [asyncio.create_task(read(port, heads)) for _ in range(count)]
    for _ in streams:
        async with asyncio.timeout(30):
            await heads.acquire()
    print("connected", flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    print(COUNT[0], flush=True)
    for stream in streams:
        stream.cancel()
COUNT = [0]
asyncio.run(main(int(sys.argv[1]), int(sys.argv[2])))
"""


class Browsers:
    """So many on the page at ``url``, of this machine, from the beginning of the block to its end."""

    def __init__(self, url: str, count: int) -> None:
        self._port, self._count = urlsplit(url).port, count
        self.verdicts = 0
        """How many came, over all browsers; known after the block."""

    async def __aenter__(self) -> Self:
        self._process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", _READERS, str(self._port), str(self._count)),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        try:
            await self._connected()
        except BaseException:
            self._process.kill()
            await self._process.wait()
            raise
        return self

    async def _connected(self) -> None:
        if self._process.stdout is None or not await self._process.stdout.readline():
            raise RuntimeError(f"the page at port {self._port} takes no {self._count} readers: see its log")

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        told, _ = await self._process.communicate(b"\n")
        self.verdicts = int(told or 0)


@asynccontextmanager
async def page_process(settings: "Settings") -> AsyncIterator[str]:
    """A page of these settings, from its first answer on; its address. Raises ``TimeoutError``."""
    from service.settings import TelemetrySettings
    from workers.cli.bench_installation import answering
    from workers.demo.installation import program_environment

    # The port of the probes is another program's.
    own = settings.model_copy(update={"telemetry": TelemetrySettings()})
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "workers", "run", "web"),
        env=program_environment(own),
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        await answering(f"{own.web.public_url}/v1/lines", _PAGE_SECONDS, 0.1)
        yield own.web.public_url
    finally:
        process.terminate()
        await process.wait()
