"""Letters that a person wants told again: taken from the object store, told in their lines' lanes."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from service.sinks.letters import SinkLetter, SinkLetters
from service.store import StoreError
from workers.sink.lanes import Errand, Lanes

LOOK_SECONDS = 5.0
_MOST_AT_ONCE = 64
_log = structlog.get_logger()


class Replays:
    """Of one sink. Used from one event loop. ``owns`` says whether this process is the one of the sink's
    processes that takes them; ``serves``, whether the sink tells of a line."""

    def __init__(
        self,
        name: str,
        letters: SinkLetters,
        lanes: Lanes,
        owns: Callable[[], bool],
        serves: Callable[[str], bool],
    ) -> None:
        self._name, self._letters, self._lanes = name, letters, lanes
        self._owns, self._serves = owns, serves
        self._under_way: set[str] = set()
        self._told: list[SinkLetter] = []
        self._in_trouble = False

    async def follow(self) -> None:
        """Look for more every few seconds; never returns by itself."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            await self.settle()
            if self._owns() and not self._under_way:
                await self._insist(self._look)

    async def settle(self) -> None:
        """Forget what was told; what the store does not forget now is told once more after a restart."""
        await self._insist(self._settle)

    def forget(self) -> None:
        """The lanes were cleared: what was under way is looked for again."""
        self._under_way.clear()

    async def _insist(self, step: Callable[[], Awaitable[None]]) -> None:
        try:
            await step()
        except StoreError as error:
            if not self._in_trouble:
                _log.warning("replays wait for the object store", cause=str(error))
            self._in_trouble = True
        else:
            self._in_trouble = False

    async def _settle(self) -> None:
        while self._told:
            await self._letters.replayed(self._told[-1])
            self._told.pop()

    async def _look(self) -> None:
        unreadable = list[str]()
        async for letter in self._letters.replays(self._name, unreadable):
            if not self._serves(letter.report.line):
                await self._give_back(letter)
            elif letter.id not in self._under_way:
                self._tell(letter)
            if len(self._under_way) >= _MOST_AT_ONCE:
                break
        for sentence in unreadable:
            _log.warning("a replay is passed over", cause=sentence)

    def _tell(self, letter: SinkLetter) -> None:
        def done() -> None:
            self._under_way.discard(letter.id)
            self._told.append(letter)

        self._under_way.add(letter.id)
        self._lanes.tell(Errand(letter.report, done))

    async def _give_back(self, letter: SinkLetter) -> None:
        reason = f"sink {self._name} does not tell of line {letter.report.line} any longer"
        await self._letters.keep(letter.model_copy(update={"reason": reason}))
        await self._letters.replayed(letter)
