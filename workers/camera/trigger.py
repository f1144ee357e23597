"""When a picture is taken: at a rate, or when somebody says so by HTTP, a file or MQTT."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import structlog
import uvicorn
from fastapi import FastAPI, Query, Response

from service.runtime.background_server import BackgroundServer

_MOST_WAITING = 64
_LONGEST_PART = 128
_LOOK_SECONDS = 0.02
_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Shot:
    """A picture is wanted now, of this part where it is known."""

    at: datetime
    part_id: str | None = None


class Triggers:
    """Shots that were asked for and not yet taken. Past its size a trigger is refused, and whoever gave it is
    told where the wire allows."""

    def __init__(self) -> None:
        self._waiting: asyncio.Queue[Shot] = asyncio.Queue(_MOST_WAITING)
        self.refused = 0

    def pull(self, part_id: str | None = None) -> bool:
        """Ask for a picture; False when too many wait already."""
        try:
            self._waiting.put_nowait(Shot(datetime.now(UTC), (part_id or "").strip()[:_LONGEST_PART] or None))
        except asyncio.QueueFull:
            self.refused += 1
            return False
        return True

    async def next(self) -> Shot:
        """The next shot, in the order of asking."""
        return await self._waiting.get()


@asynccontextmanager
async def http_trigger(triggers: Triggers, port: int, fault: Callable[[], str | None]) -> AsyncIterator[int]:
    """``POST /trigger?part-id=...`` on loopback: 202, or 503 with a sentence while the camera is in fault.
    Yields the port. Raises ``OSError`` when it is taken."""
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)

    @app.post("/trigger")
    async def trigger(part_id: Annotated[str | None, Query(alias="part-id")] = None) -> Response:
        reason = fault() or (
            None if triggers.pull(part_id) else "too many triggers wait: trigger more slowly"
        )
        return Response(f"{reason or 'taken'}\n", 503 if reason else 202, media_type="text/plain")

    config = uvicorn.Config(app, host="127.0.0.1", port=port, log_config=None, access_log=False)
    async with BackgroundServer(config) as server:
        yield server.port


async def file_trigger(triggers: Triggers, path: Path) -> None:
    """A picture each time that the file is written; its text is the part's id. Runs until cancelled."""
    before = await asyncio.to_thread(_state, path)
    while True:
        await asyncio.sleep(_LOOK_SECONDS)
        now = await asyncio.to_thread(_state, path)
        if now is not None and now != before:
            triggers.pull(await asyncio.to_thread(_text, path))
        before = now


async def mqtt_trigger(triggers: Triggers, url: str, user: str | None, password: str | None) -> None:
    """A picture for each message on ``mqtt://HOST:PORT/TOPIC``; its text is the part's id. Runs until
    cancelled; a broker that is away is tried again."""
    import aiomqtt

    parts = urlsplit(url)
    host, port, topic = parts.hostname or "127.0.0.1", parts.port or 1883, parts.path.lstrip("/")
    while True:
        try:
            async with aiomqtt.Client(host, port, username=user, password=password) as client:
                await client.subscribe(topic, qos=1)
                _log.info("trigger ready", broker=f"{host}:{port}", topic=topic)
                async for message in client.messages:
                    payload = message.payload
                    text = payload.decode(errors="replace") if isinstance(payload, bytes) else None
                    triggers.pull(text)
        except aiomqtt.MqttError as error:
            _log.warning("trigger lost; trying again", broker=f"{host}:{port}", cause=type(error).__name__)
            await asyncio.sleep(1.0)


def _state(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size


def _text(path: Path) -> str | None:
    try:
        return path.read_text(errors="replace")[:_LONGEST_PART]
    except OSError:
        return None
