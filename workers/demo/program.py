"""The demo from its first sentence to its last figure."""

import asyncio
import time
from dataclasses import dataclass

from rich.console import Console
from rich.live import Live
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from schemas.topics import TOPICS, TopicKind
from service.ledger.check import check_ledger
from service.ledger.report import LedgerReport
from service.runtime.signals import stop_event
from service.runtime.start import topic_specs
from service.settings import Settings
from service.store import open_store
from service.stream.base import Broker
from service.stream.kafka_broker import KafkaBroker
from workers.camera.sender import FrameSender
from workers.demo.board import board, summary
from workers.demo.camera import send_cells
from workers.demo.cells import LINES, Split, read_cells, split_cells
from workers.demo.installation import Installation
from workers.demo.tally import Tally
from workers.demo.teacher import Teacher
from workers.demo.training import teach
from workers.demo.watching import Watcher

_DRAIN_SECONDS = 60.0
_STEPS = {"extract": "looking at the good cells", "select": "choosing what to remember"}


@dataclass(frozen=True, slots=True)
class DemoOptions:
    """``seconds`` None: until Ctrl-C. ``rate`` in frames a second over both lines."""

    seconds: float | None = None
    rate: float = 30.0
    taught: int = 100


@dataclass(frozen=True, slots=True)
class DemoEnd:
    """What a bounded run ends with."""

    summary: dict[str, object]
    report: LedgerReport


async def run_demo(options: DemoOptions, console: Console) -> DemoEnd:
    """Run it, and leave nothing behind. Raises ``EmbeddedError`` when a server or a program fails, and
    ``DemoStopped`` when it was stopped while it was still teaching."""
    stop = stop_event()
    console.print("Starting a broker (Tansu), a cache (Valkey) and a folder as object store on loopback.")
    installation = await asyncio.to_thread(Installation.begin)
    try:
        return await Demo(options, console, installation, stop).run()
    finally:
        console.print("Stopping everything that was started.")
        await installation.stop()


class DemoStopped(Exception):
    """Ctrl-C came before there was anything to inspect."""


class Demo:
    """One run over one installation."""

    def __init__(
        self, options: DemoOptions, console: Console, installation: Installation, stop: asyncio.Event
    ) -> None:
        self._options, self._console, self._stop = options, console, stop
        self._installation = installation
        self._settings: Settings = installation.settings
        self._broker: Broker = KafkaBroker(self._settings.kafka)
        self._tally = Tally()
        self._note = ""

    async def run(self) -> DemoEnd:
        """Teach, inspect, and hold the ledger against the topics."""
        try:
            split = split_cells(read_cells(), self._options.taught)
            await self._prepare(split)
            began = time.monotonic()
            await self._inspect(split)
            report = await self._check()
            return DemoEnd(summary(self._tally, time.monotonic() - began, report.clean), report)
        finally:
            await self._broker.close()

    async def _prepare(self, split: Split) -> None:
        kafka = self._settings.kafka
        specs = topic_specs(kafka.topic_prefix)
        await self._broker.create_topics(specs, partitions=kafka.partitions, replication=1)
        self._console.print("Starting inspector, rebuilder and page; teaching two lines meanwhile.")
        self._installation.start_programs()
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
        with Progress(*columns, console=self._console) as progress:
            for line in LINES.values():
                await self._teach(line, split, progress)

    async def _teach(self, line: str, split: Split, progress: Progress) -> None:
        tasks = {step: progress.add_task(f"{line}: {words}", total=None) for step, words in _STEPS.items()}

        def tell(step: str, done: int, expected: int) -> None:
            # A thread cannot be cancelled from outside: it asks at every step whether to go on.
            if self._stop.is_set():
                raise DemoStopped
            progress.update(tasks[step], completed=done, total=expected)

        vectors = await teach(self._settings, self._broker, line, split.taught[line], tell)
        self._tally.lines[line].bank_vectors = vectors

    async def _inspect(self, split: Split) -> None:
        prefix = self._settings.kafka.topic_prefix
        sender = FrameSender(await self._broker.producer(), TOPICS[TopicKind.FRAMES].name(prefix))
        watching = asyncio.create_task(Watcher(self._broker, prefix, self._tally).run())
        page = self._settings.web.public_url
        self._console.print(f"The page is {page}")
        teacher = Teacher(page, self._tally, self._say)
        halt = asyncio.Event()
        sending = asyncio.create_task(
            send_cells(sender, split.passing, self._options.rate, self._tally, halt)
        )
        teaching = asyncio.create_task(teacher.run() if self._options.seconds else _nobody())
        try:
            await self._show(sending, watching, teaching)
            halt.set()
            await sending
            await self._drain(watching)
        finally:
            for task in (sending, watching, teaching):
                task.cancel()

    def _say(self, sentence: str) -> None:
        self._note = sentence
        self._console.print(sentence)

    async def _show(self, *vital: "asyncio.Task[None]") -> None:
        """Until the time is up or Ctrl-C; raises what a vital task or a program died of."""
        end = None
        with Live(console=self._console, refresh_per_second=4, transient=False) as live:
            while not self._stop.is_set() and (end is None or time.monotonic() < end):
                self._installation.require_alive()
                for task in vital:
                    if task.done():
                        await task
                # The clock starts with the stream, so that a run of N seconds inspects for N seconds.
                if end is None and self._tally.begun and self._options.seconds is not None:
                    end = time.monotonic() + self._options.seconds
                live.update(board(self._tally, self._settings.web.public_url, self._note))
                await asyncio.sleep(0.25)
        if not self._console.is_terminal:
            # Off a terminal the table is drawn once, at the end, and without its line end.
            self._console.print()

    async def _drain(self, watching: "asyncio.Task[None]") -> None:
        deadline = time.monotonic() + _DRAIN_SECONDS
        while self._tally.finished < len(self._tally.sent) and time.monotonic() < deadline:
            if watching.done():
                await watching
            await asyncio.sleep(0.1)

    async def _check(self) -> LedgerReport:
        settings = self._settings
        # The watermark is committed a moment after the last verdict.
        await asyncio.sleep(1.0)
        store = open_store(settings.store)
        return await check_ledger(self._broker, store, settings.kafka.topic_prefix, settings.inspector.group)


async def _nobody() -> None:
    """In a run without an end the approving is left to whoever looks at the page."""
