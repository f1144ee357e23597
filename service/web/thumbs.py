"""Small pictures: made once in a child process, and kept in memory while they are asked for."""

import asyncio
import sys
from collections import OrderedDict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import structlog

from service.images.thumbnailer import LENGTH, REQUEST, Box
from service.store.object_store import ObjectStore

SIDE = 224
KEPT_BYTES = 48 * 2**20
SECONDS = 20.0

log = structlog.get_logger()


class Unshowable(Exception):
    """The picture cannot be made small."""


class Thumbs:
    """Bounded in memory; one picture at a time."""

    def __init__(self, store: ObjectStore, max_bytes: int) -> None:
        self._store, self._max_bytes = store, max_bytes
        self._kept: OrderedDict[tuple[str, int, Box | None], bytes] = OrderedDict()
        self._size = 0
        self._turn = asyncio.Lock()
        self._child: asyncio.subprocess.Process | None = None

    async def of(self, key: str, *, side: int = SIDE, box: Box | None = None) -> bytes:
        """A JPEG of an object in the store, or of a box in it. Raises ``StoreError`` as ``get`` does, and
        ``Unshowable``."""
        name = (key, side, box)
        if (kept := self._kept.get(name)) is not None:
            self._kept.move_to_end(name)
            return kept
        data = await self._store.get(key, max_bytes=self._max_bytes)
        async with self._turn:
            made = self._kept.get(name) or await self._made(data, side, box)
            self._keep(name, made)
        return made

    async def close(self) -> None:
        """End the child."""
        async with self._turn:
            await self._end()

    def _keep(self, name: tuple[str, int, Box | None], made: bytes) -> None:
        if name in self._kept:
            return
        self._kept[name] = made
        self._size += len(made)
        while self._size > KEPT_BYTES:
            _, gone = self._kept.popitem(last=False)
            self._size -= len(gone)

    async def _made(self, data: bytes, side: int, box: Box | None) -> bytes:
        try:
            async with asyncio.timeout(SECONDS):
                made = await self._ask(data, side, box)
        except (TimeoutError, OSError, asyncio.IncompleteReadError) as error:
            await self._end()
            log.warning("the thumbnailer died or hung, and is started anew", cause=type(error).__name__)
            raise Unshowable from error
        except asyncio.CancelledError:
            await self._end()  # Half an answer must not be the next one's.
            raise
        if not made:
            raise Unshowable
        return made

    async def _ask(self, data: bytes, side: int, box: Box | None) -> bytes:
        child = await self._started()
        if child.stdin is None or child.stdout is None:
            raise OSError("the thumbnailer has no pipes")
        child.stdin.write(REQUEST.pack(*(box or (0, 0, 0, 0)), side, len(data)) + data)
        await child.stdin.drain()
        (length,) = LENGTH.unpack(await child.stdout.readexactly(LENGTH.size))
        return await child.stdout.readexactly(length)

    async def _started(self) -> asyncio.subprocess.Process:
        if self._child is None or self._child.returncode is not None:
            self._child = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "service.images.thumbnailer"),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
            )
        return self._child

    async def _end(self) -> None:
        child, self._child = self._child, None
        if child is not None:
            with suppress(ProcessLookupError):
                child.kill()
            await child.wait()


@asynccontextmanager
async def thumbnails(store: ObjectStore, max_bytes: int) -> AsyncIterator[Thumbs]:
    """Thumbs whose child is gone after the block."""
    made = Thumbs(store, max_bytes)
    try:
        yield made
    finally:
        await made.close()
