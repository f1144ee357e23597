"""The benches that `make bench` runs, and what each is to reach."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Figures = dict[str, Any]


@dataclass(frozen=True)
class Bench:
    """One `patchline bench` with its arguments; `told` makes a cell of its JSON object."""

    name: str
    what: str
    arguments: tuple[str, ...]
    reach: str
    told: Callable[[Figures], str]
    needs_kafka: bool = False

    @property
    def command(self) -> str:
        """As a person would give it."""
        return f"patchline bench {' '.join(self.arguments)} --json"


def _coreset(found: Figures) -> str:
    return f"{found['seconds']} s, radius {found['radius']:.3f}, {found['peak_rss_mb']:.0f} MB at the peak"


def _compared(found: Figures) -> str:
    return (
        f"{found['speedup']} times ({found['ms']} ms beside {found['exact_ms']}), in batches of 8 "
        f"{found['batch_speedup']} times; image scores equal {found['image_scores_equal_share']:.1%}, "
        f"patches {found['patches_equal_share']:.1%}"
    )


def _search(found: Figures) -> str:
    large, balanced = found.get("large"), found["balanced"]
    more = f"; {large['vectors']:,} vectors: {large['batch_speedup']} times in batches of 8" if large else ""
    return f"{_compared(found)}{more}; `balanced`: {balanced['batch_speedup']} times, every patch exact"


def _extract(found: Figures) -> str:
    every = [found, *found["others"]]
    return "; ".join(
        f"{each['engine']} {each['ms_per_image']} ms a picture at {each['input'][0]} x {each['input'][1]}, "
        f"{each['share_of_backbone_rate']:.0%} of the network's own rate"
        for each in every
    )


def _stream(found: Figures) -> str:
    stages = ", ".join(f"{stage} {ms}" for stage, ms in found["stage_ms_a_frame"].items() if stage != "queue")
    return (
        f"{found['frames_per_second']} frames/s beside {found['bare_frames_per_second']} bare: "
        f"{found['efficiency']:.2f}; at 70 % p50 {found['p50_at_70_percent_ms']:.0f} ms, p99 "
        f"{found['p99_at_70_percent_ms']:.0f} ms (batch {found['batch_ms']} ms); ms a frame: {stages}"
    )


def _grow(found: Figures) -> str:
    return (
        f"{found['grow_seconds']} s beside {found['rebuild_seconds']} s, {found['speedup']} times; image "
        f"AUROC {found['image_auroc_grown']} grown, {found['image_auroc_rebuilt']} rebuilt"
    )


def _swap(found: Figures) -> str:
    return (
        f"{found['swaps']} swaps: {found['lost']} lost, {found['doubled']} doubled, {found['mixed']} mixed; "
        f"p99 {found['p99_with_ms']} ms, {found['p99_without_ms']} ms without; "
        f"{found['rss_first_mb']} MB, then {found['rss_last_mb']} MB"
    )


def _page(found: Figures) -> str:
    live = found["live"]
    return (
        f"slowest list or filter over {found['verdicts']:,} verdicts {found['slowest_p95_ms']} ms p95; "
        f"{live['browsers']} browsers at {live['verdicts_per_second']} verdicts/s: {live['cores']} cores, "
        f"{live['megabytes']:.0f} MB, {live['delivered']:.1%} delivered"
    )


def _fit(found: Figures) -> str:
    return (
        f"{found['patches']:,} patches: {found['seconds']} s, {found['peak_rss_mb']:,} MB at the peak, "
        f"{found['vectors']:,} vectors"
    )


def _start(found: Figures) -> str:
    return (
        f"`patchline --help` {found['help_seconds']} s, `inspect` of one picture "
        f"{found['inspect_seconds']} s, an inspector ready after {found['inspector_ready_seconds']} s"
    )


def _lines(found: Figures) -> str:
    first, again = found["started_and_served_seconds"], found["served_again_seconds"]
    return (
        f"{found['peak_mb']:.0f} MB at the peak, all served {first} s after the start, again in {again} s; "
        f"{found['lost']} lost, {found['faults']} faults"
    )


def _alone(found: Figures) -> str:
    return (
        f"{found['frames_per_second']} frames/s beside {found['bare_consume_frames_per_second']}: "
        f"{found['share_of_bare_consume']:.2f}"
    )


BENCHES = (
    Bench("start", "from the command to its answer", ("start",), ".3 s, 3 s, 6 s", _start),
    Bench(
        "coreset",
        "exact greedy, 117,600 x 128 to 11,760",
        ("coreset", "--vectors", "117600", "--dim", "128", "--keep", "11760"),
        "200 times anomalib's (`make bench-peer`)",
        _coreset,
    ),
    Bench(
        "coreset-large",
        "exact greedy, 2,000,000 x 128 random to 20,000",
        ("coreset", "--vectors", "2000000", "--dim", "128", "--keep", "20000"),
        "60 s",
        _coreset,
    ),
    Bench(
        "search",
        "1,024 patches in 20,480 x 152, beside FAISS's flat index",
        ("search",),
        "10 times, image scores exact, 95 % of patches",
        _search,
    ),
    Bench("extract", "bytes to features, `plain`", ("extract", "--recipe", "plain"), "", _extract),
    Bench("extract-balanced", "bytes to features, `balanced`", ("extract",), "", _extract),
    Bench(
        "stream",
        "Kafka in to verdict acknowledged, 4 lines",
        ("stream",),
        ".90 of the bare loop; p99 of 50 ms and 3 batches",
        _stream,
        needs_kafka=True,
    ),
    Bench(
        "stream-alone",
        "the stream alone, frames of 100 kB, beside aiokafka's bare consumer",
        ("stream", "--engine", "none", "--frames", "3000"),
        ".5",
        _alone,
        needs_kafka=True,
    ),
    Bench(
        "fit",
        "`patchline train`, 250 pictures of 768 x 768 px, `balanced`",
        ("fit", "--parts", "250", "--side", "768"),
        "",
        _fit,
    ),
    Bench(
        "fit-large",
        "`patchline train`, 2,000 pictures of 512 x 512 px, `plain` at that size",
        ("fit", "--parts", "2000", "--side", "512", "--recipe", "plain", "--set", "input_pixels=262144"),
        "4 GiB",
        _fit,
    ),
    Bench("grow", "20 parts taught to a bank of 200", ("grow",), "", _grow),
    Bench("swap", "200 swaps under load", ("swap", "--swaps", "200"), "none lost, doubled or mixed", _swap),
    Bench(
        "lines",
        "an inspector of 20 lines with 20,000 vectors each",
        ("lines", "--lines", "20", "--vectors", "20000", "--budget-mb", "4096"),
        "1,536 MB",
        _lines,
    ),
    Bench(
        "page",
        "the page's lists, and many browsers on its live stream",
        ("page",),
        "200 ms; 1 core and 500 MB",
        _page,
    ),
)
