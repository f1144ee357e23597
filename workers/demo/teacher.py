"""The demo's operator: approves good parts that were flagged, through the page's API."""

import asyncio
import contextlib
import time
from collections.abc import Callable

import httpx

from schemas.verdict import Verdict
from workers.demo.tally import Tally

_PARTS = 3
_PATIENCE_SECONDS = 20.0
_AGAIN_SECONDS = 0.1
_ANSWER_SECONDS = 30.0


class Teacher:
    """Approves, then waits until verdicts come by the new epoch."""

    def __init__(self, page: str, tally: Tally, tell: Callable[[str], None]) -> None:
        self._page, self._tally, self._tell = page, tally, tell

    async def run(self) -> None:
        """Each line is taught once, as soon as enough of its good parts were flagged."""
        async with asyncio.TaskGroup() as group:
            for line in list(self._tally.lines):
                group.create_task(self._teach(line))

    async def _teach(self, line: str) -> None:
        tally = self._tally
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_PATIENCE_SECONDS):
                await tally.until(lambda: len(tally.flagged_good[line]) >= _PARTS)
        # One part is a lesson too, on a line that flags few good ones.
        await tally.until(lambda: bool(tally.flagged_good[line]))
        chosen = tally.flagged_good[line][:_PARTS]
        before = tally.lines[line].epoch
        began = time.monotonic()
        await self._approve(line, chosen)
        async with asyncio.timeout(_ANSWER_SECONDS):
            await tally.until(lambda: tally.lines[line].epoch > before)
        seconds = time.monotonic() - began
        names = ", ".join(verdict.frame_id for verdict in chosen)
        epoch = tally.lines[line].epoch
        self._tell(f"{line}: {names} approved as good; verdicts come by epoch {epoch} after {seconds:.1f} s")

    async def _approve(self, line: str, chosen: list[Verdict]) -> None:
        # The page reads the verdicts as we do, and may be a moment behind us.
        request = {"frames": [str(verdict.frame_uid) for verdict in chosen], "why": "the demo's labels"}
        async with httpx.AsyncClient(base_url=self._page, timeout=_ANSWER_SECONDS) as client:
            for _ in range(50):
                answer = await client.post(f"/v1/lines/{line}/approvals", json=request)
                if answer.status_code != httpx.codes.NOT_FOUND:
                    answer.raise_for_status()
                    return
                await asyncio.sleep(_AGAIN_SECONDS)
        answer.raise_for_status()
