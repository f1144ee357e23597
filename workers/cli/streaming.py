"""Frames through a broker and an inspector, beside the same frames judged from memory."""

import asyncio
import re
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from workers.cli.traffic import LINES, Traffic

if TYPE_CHECKING:
    from service.inspection.line_model import LineModel
    from service.patchcore import Recipe
    from service.settings import EngineSettings
    from service.stream.base import Broker, Producer
    from service.training.built import BuiltBank
    from workers.demo.installation import Installation

_TAUGHT, _GOOD, _BAD = 60, 90, 10
_BATCH = 8
_SHARE = 0.7
_STAGE = re.compile(r'^patchline_stage_seconds_sum\{stage="([a-z]+)"\} (\S+)$', re.MULTILINE)


class Streaming:
    """One run on an installation that the caller began and stops; its broker has all topics."""

    def __init__(self, installation: "Installation", engine: "EngineSettings", recipe: "Recipe") -> None:
        self._installation, self._recipe = installation, recipe
        self._traffic = Traffic(installation, engine)

    async def run(self, broker: "Broker", frames: int, seconds: float, browsers: int = 0) -> dict[str, Any]:
        """The figures; at 70 % of saturation frames come for so many seconds. With ``browsers`` a page runs
        too, and as many frames are judged once more while they watch, and again while nobody does. Takes
        about a minute beside the frames' own time."""
        from workers.cli.bench_installation import put_in_force

        built, pictures = await asyncio.to_thread(self._learn)
        models = await asyncio.to_thread(self._models, built)
        before = await asyncio.to_thread(bare_rate, models, pictures)
        await put_in_force(self._installation, broker, built)
        streamed = await self._stream(broker, pictures, frames, seconds, browsers)
        after = await asyncio.to_thread(bare_rate, models, pictures)
        return _figures(streamed, (before + after) / 2, self._installation, self._recipe)

    def _learn(self) -> "tuple[list[BuiltBank], list[bytes]]":
        """One bank, written for each line, and pictures that were not taught, a tenth of them defective."""
        from service.training.build import build_bank
        from service.training.built import BuiltBank
        from service.training.part import GoodPart
        from service.training.thresholds import Rates
        from workers.cli.bench_cells import cells, good_cells
        from workers.cli.device import ready_backbone
        from workers.demo.cells import DEFECTIVE

        taught, good = good_cells("mono", _TAUGHT, _GOOD)
        shown = [*good, *cells("mono", DEFECTIVE)[:_BAD]]
        parts = [GoodPart.of(cell.name, cell.path.read_bytes()) for cell in taught]
        backbone = ready_backbone(self._installation.settings, self._recipe)
        first = build_bank(LINES[0], "default", parts, self._recipe, backbone)
        banks = [
            BuiltBank.of(
                first.memory_bank,
                first.manifest.model_copy(update={"line": line}),
                first.features,
                Rates(),
                first.golden,
            )
            for line in LINES
        ]
        pictures = [cell.path.read_bytes() for cell in shown]
        # The defective ones among the others.
        return banks, [pictures[(number * 37) % len(pictures)] for number in range(len(pictures))]

    def _models(self, built: "Sequence[BuiltBank]") -> "list[LineModel]":
        """As a worker would load them, with a worker's threads."""
        import os

        from service.backbones.configured import backbone_for
        from service.inspection.extractor import PatchExtractor
        from service.inspection.line_model import LineModel
        from workers.extraction.engine import share_threads

        engine = self._installation.settings.engine
        share_threads(engine.threads, os.cpu_count() or 1)
        manifest = built[0].manifest
        backbone = backbone_for(manifest.recipe, engine, manifest.precision)
        extractor = PatchExtractor(backbone, manifest.recipe, manifest.contract)
        return [
            LineModel(bank.memory_bank, bank.thresholds, extractor, search=engine.search) for bank in built
        ]

    async def _stream(
        self, broker: "Broker", pictures: Sequence[bytes], frames: int, seconds: float, browsers: int
    ) -> dict[str, Any]:
        prefix = self._installation.settings.kafka.topic_prefix
        reader, producer = await broker.reader(f"{prefix}verdicts"), await broker.producer()
        traffic, verdicts = self._traffic, self._traffic.verdicts
        self._installation.start_programs(("inspector",))
        collecting = asyncio.create_task(verdicts.collect(reader))
        try:
            warm = await traffic.send(producer, pictures, 8 * _BATCH)
            await traffic.judged(warm)
            began = await asyncio.to_thread(self._stage_seconds)
            waiting = await traffic.send(producer, pictures, frames)
            await traffic.judged(waiting)
            ended = await asyncio.to_thread(self._stage_seconds)
            rate = verdicts.rate(waiting)
            count, pause = max(_BATCH, round(_SHARE * rate * seconds)), 1 / (_SHARE * rate)
            paced = await traffic.send(producer, pictures, count, pause)
            await traffic.judged(paced)
            watched = await self._watched(producer, pictures, frames, browsers) if browsers else {}
        finally:
            collecting.cancel()
        return {
            "frames_per_second": rate,
            "p50_ms": verdicts.percentile(waiting, 0.5),
            "p99_ms": verdicts.percentile(waiting, 0.99),
            "p50_at_70_percent_ms": verdicts.percentile(paced, 0.5),
            "p99_at_70_percent_ms": verdicts.percentile(paced, 0.99),
            "stage_ms_a_frame": {
                stage: round(1000 * (ended[stage] - began.get(stage, 0)) / frames, 2) for stage in ended
            },
        } | watched

    async def _watched(
        self, producer: "Producer", pictures: Sequence[bytes], frames: int, browsers: int
    ) -> dict[str, Any]:
        """The rate while so many look on, beside the mean of those before and after."""
        from workers.cli.browsers import Browsers, page_process

        async def rate() -> float:
            names = await self._traffic.send(producer, pictures, frames)
            await self._traffic.judged(names)
            return self._traffic.verdicts.rate(names)

        async with page_process(self._installation.settings) as url:
            before = await rate()
            async with Browsers(url, browsers):
                during = await rate()
            alone = (before + await rate()) / 2
        return {
            "browsers": browsers,
            "frames_per_second_watched": during,
            "frames_per_second_unwatched": alone,
            "share_of_unwatched": round(during / alone, 3),
        }

    def _stage_seconds(self) -> dict[str, float]:
        """From the inspector's own metrics."""
        from urllib.request import urlopen

        telemetry = self._installation.settings.telemetry
        with urlopen(f"http://{telemetry.host}:{telemetry.port}/metrics", timeout=10) as page:
            return {stage: float(value) for stage, value in _STAGE.findall(page.read().decode())}


def bare_rate(models: "Sequence[LineModel]", pictures: Sequence[bytes], seconds: float = 5.0) -> float:
    """Frames a second from bytes in memory to drawn heatmaps, in batches of 8 over all lines. Blocks."""
    from service.images.decode import decode
    from service.inspection.together import judge_together

    count, began = -_BATCH, time.perf_counter()
    while count <= 0 or time.perf_counter() - began < seconds:
        batch = range(count + _BATCH, count + 2 * _BATCH)
        judge_together(
            [(models[n % len(models)], decode(pictures[n % len(pictures)])) for n in batch], draw="flagged"
        )
        # The first batch compiles kernels for its shape.
        began = time.perf_counter() if count < 0 else began
        count += _BATCH
    return count / (time.perf_counter() - began)


def _figures(
    streamed: dict[str, Any], bare: float, installation: "Installation", recipe: "Recipe"
) -> dict[str, Any]:
    settings = installation.settings
    rounded = {
        name: round(value, 1) if isinstance(value, float) and "share" not in name else value
        for name, value in streamed.items()
    }
    return rounded | {
        "recipe": recipe.name,
        "lines": len(LINES),
        "bare_frames_per_second": round(bare, 1),
        "efficiency": round(streamed["frames_per_second"] / bare, 3),
        "batch_ms": round(1000 * _BATCH / bare, 1),
        "max_wait_ms": settings.inspector.max_wait_ms,
        "broker": "embedded" if installation.embedded else "given",
    }
