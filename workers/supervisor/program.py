"""Keeps programs running: each that ends is started again, within a budget, until told to stop."""

import asyncio
import time
from collections.abc import Callable, Sequence

import structlog

from service.settings import SupervisorSettings
from workers.supervisor.budget import RestartBudget
from workers.supervisor.child import Child, Errand

# A program that refuses its settings will refuse them again.
_REFUSED = 2
_log = structlog.get_logger()
Started = Callable[[str, int], None]


class Hopeless(OSError):
    """A program ended too often, or will not run as it is set up: ``program``, which the sentence names."""

    def __init__(self, program: str, sentence: str) -> None:
        super().__init__(sentence)
        self.program = program


async def supervise(
    errands: Sequence[Errand],
    settings: SupervisorSettings,
    stop: asyncio.Event,
    *,
    drain_seconds: float,
    started: Started = lambda _name, _pid: None,
) -> None:
    """Run all until ``stop``, then let each end in its own time, at most ``drain_seconds``; ``started`` hears
    of each start, with the process id of the leash. Raises ``Hopeless`` once one of them has used up its
    restarts; nothing is left running then either."""
    hopeless = asyncio.Event()
    keepers = [_Keeper(errand, settings, drain_seconds, started) for errand in errands]
    keeping = [asyncio.create_task(keeper.keep(hopeless), name=keeper.name) for keeper in keepers]
    halts = [asyncio.create_task(event.wait()) for event in (stop, hopeless)]
    try:
        await asyncio.wait({*keeping, *halts}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in (*keeping, *halts):
            task.cancel()
        ended = await asyncio.gather(*keeping, return_exceptions=True)
        await asyncio.gather(*(keeper.stop() for keeper in keepers))
    for outcome in ended:
        if isinstance(outcome, Exception):
            raise outcome


class _Keeper:
    def __init__(
        self, errand: Errand, settings: SupervisorSettings, drain_seconds: float, started: Started
    ) -> None:
        self._errand, self._settings, self._drain_seconds = errand, settings, drain_seconds
        self._started = started
        self._budget = RestartBudget(settings.restarts, settings.window_seconds)
        self._child: Child | None = None

    @property
    def name(self) -> str:
        return self._errand.name

    async def keep(self, hopeless: asyncio.Event) -> None:
        try:
            while True:
                self._child = await Child.start(self._errand)
                self._started(self.name, self._child.pid)
                self._judge(await self._child.ended())
                await asyncio.sleep(self._settings.pause_seconds)
        except Exception:
            hopeless.set()
            raise

    def _judge(self, code: int) -> None:
        name, settings = self.name, self._settings
        if code == _REFUSED:
            raise Hopeless(
                name, f"the {name} will not run as it is set up: its sentence above says why; mend that"
            )
        if not self._budget.spend(time.monotonic()):
            raise Hopeless(
                name,
                f"the {name} ended more than {settings.restarts} times within {settings.window_seconds:g} s, "
                f"with code {code} at last: its log above says why",
            )
        _log.error("program ended; started again", name=name, code=code)

    async def stop(self) -> None:
        if self._child is not None:
            code = await self._child.stop(self._drain_seconds)
            _log.info("program stopped", name=self.name, code=code)
