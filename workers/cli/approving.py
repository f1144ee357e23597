"""Approvals through the page's API on a running installation, and how long each takes to judge frames."""

import asyncio
import itertools
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import httpx

    from schemas.line_event import LineEvent
    from schemas.verdict import Verdict
    from service.stream.base import Broker, Producer, Reader
    from workers.demo.installation import Installation

LINE = "cells-mono"
_PATIENCE = 120.0
_POLL_MS, _POLL_RECORDS = 20, 1000
_AGAIN_SECONDS = 0.05
_LOOK_SECONDS = 0.005
"""An approval is judged in tenths of a second."""


@dataclass(frozen=True, slots=True)
class Taught:
    """One approval of one part, in seconds from the request on: until the page had it in the log, until the
    rebuilder's result was there, and until a verdict came by the new epoch. ``build`` is the rebuilder's own
    count, ``refused`` its sentence."""

    asked: float
    told: float
    judged: float
    build: float | None
    refused: str | None


@dataclass(slots=True)
class _Heard:
    epoch: int = 0
    frames: "dict[str, Verdict]" = field(default_factory=dict)
    results: "dict[str, tuple[float, LineEvent]]" = field(default_factory=dict)


class Approving:
    """One run. The installation is begun and stopped by the caller; its line has a bank in force."""

    def __init__(self, installation: "Installation", broker: "Broker", rate: float) -> None:
        self._installation, self._broker, self._every = installation, broker, 1 / rate
        self._heard = _Heard()

    async def run(self, pictures: list[bytes], approvals: int) -> list[Taught]:
        """So many approvals one after another, each of a frame that was judged and whose picture no part of
        the bank has, while frames go on coming. ``pictures`` are sent in turn, as often as it takes. Raises
        as ``Installation.until``."""
        import httpx

        settings = self._installation.settings
        prefix = settings.kafka.topic_prefix
        readers = [await self._broker.reader(f"{prefix}{topic}") for topic in ("verdicts", "line-events")]
        producer = await self._broker.producer()
        self._installation.start_programs()
        page = settings.web.public_url
        async with asyncio.TaskGroup() as group, httpx.AsyncClient(base_url=page, timeout=30) as client:
            tasks = [
                group.create_task(self._verdicts(readers[0])),
                group.create_task(self._events(readers[1])),
                group.create_task(self._send(producer, f"{prefix}frames", pictures)),
            ]
            await self._until(lambda: len(self._heard.frames) >= approvals)
            await self._page_up(client)
            taught = [
                await self._approve(client, verdict)
                for verdict in list(self._heard.frames.values())[:approvals]
            ]
            for task in tasks:
                task.cancel()
        return taught

    async def _approve(self, client: "httpx.AsyncClient", verdict: "Verdict") -> Taught:
        before, began = self._heard.epoch, time.monotonic()
        command = await self._asked(client, verdict)
        asked = time.monotonic() - began
        await self._until(lambda: command in self._heard.results)
        at, event = self._heard.results[command]
        if event.epoch is None:
            return Taught(asked, at - began, at - began, event.seconds, event.sentence)
        await self._until(lambda: self._heard.epoch > before)
        return Taught(asked, at - began, time.monotonic() - began, event.seconds, None)

    async def _asked(self, client: "httpx.AsyncClient", verdict: "Verdict") -> str:
        body = {"frames": [str(verdict.frame_uid)], "why": "a bench"}
        while True:
            answer = await client.post(f"/v1/lines/{LINE}/approvals", json=body)
            # The page reads the verdicts as we do, and may be a moment behind us.
            if answer.status_code != 404:
                answer.raise_for_status()
                return str(answer.json()["command_id"])
            await asyncio.sleep(_AGAIN_SECONDS)

    async def _page_up(self, client: "httpx.AsyncClient") -> None:
        import httpx

        async with asyncio.timeout(_PATIENCE):
            while True:
                try:
                    if (await client.get(f"/v1/lines/{LINE}")).is_success:
                        return
                except httpx.TransportError:
                    self._installation.require_alive()
                await asyncio.sleep(_AGAIN_SECONDS)

    async def _until(self, true: Callable[[], bool]) -> None:
        await self._installation.until(true, _PATIENCE, _LOOK_SECONDS)

    async def _verdicts(self, reader: "Reader") -> None:
        from schemas.verdict import Verdict

        while True:
            for record in await reader.poll(timeout_ms=_POLL_MS, max_records=_POLL_RECORDS):
                verdict = Verdict.from_bytes(record.value or b"")
                self._heard.epoch = max(self._heard.epoch, verdict.epoch or 0)
                self._heard.frames.setdefault(verdict.frame_sha256, verdict)

    async def _events(self, reader: "Reader") -> None:
        from schemas.line_event import LineEvent
        from schemas.reasons import LineEventKind

        results = {LineEventKind.COMMAND_DONE, LineEventKind.COMMAND_REFUSED}
        while True:
            for record in await reader.poll(timeout_ms=_POLL_MS, max_records=_POLL_RECORDS):
                event = LineEvent.from_bytes(record.value or b"")
                if event.kind in results:
                    self._heard.results.setdefault(str(event.command_id), (time.monotonic(), event))

    async def _send(self, producer: "Producer", topic: str, pictures: list[bytes]) -> None:
        for number in itertools.count():
            headers = (("frame-id", f"frame-{number:06}".encode()),)
            picture = pictures[number % len(pictures)]
            await producer.send(topic, key=LINE.encode(), value=picture, headers=headers)
            await asyncio.sleep(self._every)
