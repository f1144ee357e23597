"""``patchline bench lines``: many lines on one inspector, within a memory budget."""

import asyncio
import itertools
import statistics
import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Annotated, Any

import typer

from workers.cli.options import AsJson

if TYPE_CHECKING:
    from service.stream.base import Broker
    from service.training.built import BuiltBank
    from workers.demo.installation import Installation

EPILOG = "Example: patchline bench lines --lines 300 --vectors 10000 --json"
_TAUGHT = 20
_PATIENCE = 600.0
_EVERY = 10.0


def lines(
    count: Annotated[int, typer.Option("--lines", min=1, max=5000, help="How many lines.")] = 300,
    vectors: Annotated[int, typer.Option(min=100, help="Vectors in the bank of each.")] = 10_000,
    budget_mb: Annotated[int, typer.Option(min=1, help="PATCHLINE_INSPECTOR__BANK_MEMORY_BYTES.")] = 1024,
    minutes: Annotated[
        float, typer.Option(min=0, help="Go on for so long with a frame a line every ten seconds.")
    ] = 0,
    as_json: AsJson = False,
) -> None:
    """Start an inspector over many lines and send each a frame, twice: seconds, faults, and peak memory; with
    --minutes also whether its memory grows."""
    from workers.cli.screen import answers, print_json

    figures = asyncio.run(_run(count, vectors, budget_mb, minutes))
    if as_json:
        print_json(figures)
    else:
        answers().print(", ".join(f"{name} {value}" for name, value in figures.items()))


async def _run(count: int, vectors: int, budget_mb: int, minutes: float) -> dict[str, Any]:
    from workers.cli.bench_installation import bench_installation

    async with bench_installation(f"Serving {count} lines") as (installation, broker):
        inspector = installation.settings.inspector
        changed = inspector.model_copy(update={"bank_memory_bytes": budget_mb * 2**20})
        installation.settings = installation.settings.model_copy(update={"inspector": changed})
        return await _ManyLines(installation, broker, count, vectors).run(minutes)


@dataclass(slots=True)
class _ManyLines:
    installation: "Installation"
    broker: "Broker"
    count: int
    vectors: int
    held_mb: list[float] = field(default_factory=list)
    own_mb: list[float] = field(default_factory=list)
    sent: int = 0
    faults: int = 0
    served: list[str] = field(default_factory=list)

    async def run(self, minutes: float) -> dict[str, Any]:
        from workers.cli.bench_cells import good_cells

        cells, others = good_cells("mono", _TAUGHT, 2)
        size = await self._publish(cells)
        began = time.monotonic()
        self.installation.start_programs(("inspector",))
        await self.installation.started("inspector")
        async with asyncio.TaskGroup() as group:
            watching = group.create_task(self._watch())
            pictures = [cell.path.read_bytes() for cell in others]
            rounds = [await self._round(picture) for picture in pictures]
            settled = len(self.own_mb)
            await self._go_on(60 * minutes, pictures)
            watching.cancel()
        return {
            "lines": self.count,
            "vectors": self.vectors,
            "budget_mb": self.installation.settings.inspector.bank_memory_bytes // 2**20,
            "files_mb": round(self.count * size / 2**20, 1),
            "started_and_served_seconds": round(rounds[0] - began, 1),
            "served_again_seconds": round(rounds[1] - rounds[0], 1),
            "frames": self.sent,
            "lost": self.sent - len(set(self.served)),
            "doubled": len(self.served) - len(set(self.served)),
            "faults": self.faults,
            "peak_mb": round(max(self.held_mb), 1),
        } | ({"minutes": minutes} | _trend(self.own_mb[settled:]) if minutes else {})

    async def _publish(self, cells: Any) -> int:
        from service.banks.cache import MemoryCache
        from service.store import open_store
        from service.training.build import unwatched
        from service.training.publish import open_outlets, publish_bank
        from workers.demo.training import learn

        settings = self.installation.settings
        built, _ = await asyncio.to_thread(learn, "line-0", cells, settings.engine, unwatched)
        store, prefix = open_store(settings.store), settings.kafka.topic_prefix
        async with open_outlets(self.broker, store, MemoryCache(), prefix) as outlets:
            for number in range(self.count):
                bank = await asyncio.to_thread(_of_line, built, f"line-{number}", self.vectors)
                await publish_bank(outlets, bank, {}, actor="bench")
        return len(bank.data)

    async def _go_on(self, seconds: float, pictures: list[bytes]) -> None:
        end = time.monotonic() + seconds
        for picture in itertools.cycle(pictures):
            began = time.monotonic()
            if began >= end:
                return
            await self._round(picture)
            await asyncio.sleep(max(0.0, min(began + _EVERY, end) - time.monotonic()))

    async def _round(self, picture: bytes) -> float:
        """A frame of each line, and when the last was judged."""
        from schemas.verdict import Verdict

        prefix = self.installation.settings.kafka.topic_prefix
        reader = await self.broker.reader(f"{prefix}verdicts", at_end=True)
        producer = await self.broker.producer()
        for line in range(self.count):
            headers = (("frame-id", f"{self.sent}-{line}".encode()),)
            await producer.send(
                f"{prefix}frames", key=f"line-{line}".encode(), value=picture, headers=headers
            )
        self.sent += self.count
        async with asyncio.timeout(_PATIENCE):
            while len(self.served) < self.sent:
                self.installation.require_alive()
                for record in await reader.poll(timeout_ms=100, max_records=1000):
                    verdict = Verdict.from_bytes(record.value or b"")
                    self.served.append(verdict.frame_id)
                    self.faults += verdict.score is None
        await producer.close()
        await reader.close()
        return time.monotonic()

    async def _watch(self) -> None:
        import psutil

        from workers.cli.memory import held_mb, own_mb

        leash = psutil.Process(self.installation.process("inspector"))
        while True:
            self.held_mb.append(await asyncio.to_thread(held_mb, leash))
            self.own_mb.append(await asyncio.to_thread(own_mb, leash))
            await asyncio.sleep(0.2)


def _trend(own_mb: list[float]) -> dict[str, Any]:
    """The median of each tenth of the time: whether memory grew, and whether that came to an end."""
    ends = [round(len(own_mb) * tenth / 10) for tenth in range(11)]
    tenths = [own_mb[begin:end] for begin, end in itertools.pairwise(ends)]
    medians = [round(statistics.median(tenth), 1) for tenth in tenths if tenth]
    return {"first_own_mb": medians[0], "last_own_mb": medians[-1], "tenths_own_mb": medians}


def _of_line(built: "BuiltBank", line: str, vectors: int) -> "BuiltBank":
    """The bank under another line's name, with so many vectors that nobody learned from anything."""
    import numpy as np

    from service.training.built import BuiltBank
    from service.training.thresholds import Rates

    bank = built.memory_bank
    chance = np.random.default_rng(0)
    made = chance.standard_normal((vectors, bank.dim), dtype=np.float32).astype(np.float16)
    large = replace(bank, vectors=made, vector_part=np.zeros(vectors, np.int32))
    manifest = built.manifest.model_copy(update={"line": line})
    return BuiltBank.of(large, manifest, {}, Rates())
