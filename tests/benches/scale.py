"""``python -m tests.benches.scale``: docs/scale.md's tables from docs/scale-costs.json, what was measured."""

import json
import math
import sys
from pathlib import Path
from typing import Any

import numpy as np

from tests.benches.simulation import Seconds, Service, latencies, paced

DOCS = Path(__file__).parent.parent.parent / "docs"
CAMERAS = (10, 1_000, 100_000)
BEGIN, END = "<!-- computed -->\n", "<!-- end -->\n"
_LOAD, _SECONDS, _LINES = 0.7, 120.0, 1_000
Costs = dict[str, Any]


def needs(cameras: int, costs: Costs) -> dict[str, str]:
    """What so many cameras need, each a frame a second."""
    frames = cameras * costs["frames_per_second_a_camera"]
    inspectors = math.ceil(frames / (_LOAD * costs["frames_per_second_an_inspector"]))
    flagged, replicas = costs["flagged_share"], costs["replicas"]
    incoming = frames * costs["frame_bytes"]
    stored = incoming + frames * flagged * costs["heatmap_bytes"]
    banks = cameras * costs["bank_bytes"]
    return {
        "frames/s": f"{frames:,.0f}",
        "inspectors (2 cores each)": f"{inspectors:,}",
        "partitions of `frames`": f"{max(8, 2 ** math.ceil(math.log2(2 * inspectors))):,}",
        "into the brokers, MB/s": _mb(incoming + frames * costs["verdict_bytes"]),
        "between brokers, MB/s": _mb((replicas - 1) * incoming),
        "out to inspectors, MB/s": _mb(incoming),
        "objects stored/s": f"{frames * (1 + flagged):,.0f}",
        "into the store, MB/s": _mb(stored),
        "stored a day, TB": f"{stored * 86_400 / 1e12:,.2f}",
        "Redis, all banks, GB": f"{banks / 1e9:,.2f}",
        "`banks` log at one activation a line, MB": _mb(cameras * costs["activation_bytes"]),
    }


def simulated(costs: Costs) -> dict[str, float]:
    """Latency of the 4 lines that were really run, at the same load, milliseconds."""
    rate = _LOAD * costs["frames_per_second_an_inspector"]
    found = latencies(paced(rate, _SECONDS, 4, 0), _service(costs))
    return {"p50": _ms(found, 50), "p99": _ms(found, 99)}


def thousand(costs: Costs) -> dict[str, tuple[float, float]]:
    """p50 and p99 in milliseconds of 1,000 lines on the inspectors they need, of all frames."""
    service, rate = _service(costs), _LINES * costs["frames_per_second_a_camera"]
    inspectors = math.ceil(rate / (_LOAD * costs["frames_per_second_an_inspector"]))
    each = [paced(rate / inspectors, _SECONDS, _LINES // inspectors, seed) for seed in range(inspectors)]
    half, timeout = _SECONDS / 2, costs["session_timeout_seconds"]
    cases = {
        "steady": [latencies(arrivals, service) for arrivals in each],
        "burst: 10 frames of every line at once": [
            latencies(np.concatenate([arrivals, np.full(10 * (_LINES // inspectors), half)]), service)
            for arrivals in each
        ],
        "one inspector killed, its partitions idle for the session timeout": [
            latencies(arrivals, service, [(half, half + timeout)] if seed == 0 else ())
            for seed, arrivals in enumerate(each)
        ],
        "a swap on every line: the device busy with golden pictures": [
            latencies(arrivals, service, [(half, half + costs["install_seconds"])]) for arrivals in each
        ],
    }
    return {name: (_ms(np.concatenate(c), 50), _ms(np.concatenate(c), 99)) for name, c in cases.items()}


def main() -> int:
    """Writes the tables between the marks of the page."""
    costs = json.loads((DOCS / "scale-costs.json").read_text())
    page = DOCS / "scale.md"
    before, rest = page.read_text().split(BEGIN)
    page.write_text(before + BEGIN + tables(costs) + END + rest.split(END)[1])
    return 0


def tables(costs: Costs) -> str:
    """Markdown."""
    columns = [needs(cameras, costs) for cameras in CAMERAS]
    head = f"| cameras | {' | '.join(f'{cameras:,}' for cameras in CAMERAS)} |\n|---|---|---|---|\n"
    rows = "".join(f"| {name} | {' | '.join(c[name] for c in columns)} |\n" for name in columns[0])
    ours, real = simulated(costs), costs["measured_4_lines"]
    beside = (
        "\n| 4 lines at 70 % of saturation | measured, ms | simulated, ms |\n|---|---|---|\n"
        f"| p50 | {real['p50_ms']:.0f} | {ours['p50']:.0f} |\n"
        f"| p99 | {real['p99_ms']:.0f} | {ours['p99']:.0f} |\n"
    )
    lines = "".join(f"| {name} | {p50:,.0f} | {p99:,.0f} |\n" for name, (p50, p99) in thousand(costs).items())
    return head + rows + beside + "\n| 1,000 lines, simulated | p50, ms | p99, ms |\n|---|---|---|\n" + lines


def _service(costs: Costs) -> Service:
    return Service(costs["seconds_a_frame"], costs["seconds_a_batch"], costs["effects_seconds"])


def _ms(found: Seconds, percent: float) -> float:
    return 1000 * float(np.percentile(found, percent))


def _mb(number: float) -> str:
    return f"{number / 1e6:,.1f}"


if __name__ == "__main__":
    sys.exit(main())
