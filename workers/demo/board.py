"""The live table of the demo, and the object that a machine reads at its end."""

from rich.console import Group
from rich.table import Table
from rich.text import Text

from schemas.reasons import VerdictKind
from workers.demo.tally import Tally

_RECENT_SECONDS = 10.0
_RECENT_FRAMES = 300


def board(tally: Tally, page: str, note: str) -> Group:
    """What a terminal shows while frames flow."""
    table = Table(title=f"Patchline: {len(tally.sent)} frames sent; the page is {page}", title_justify="left")
    table.add_column("line")
    for kind in VerdictKind:
        table.add_column(kind.value, justify="right")
    for heading in ("epoch", "vectors", "image AUROC"):
        table.add_column(heading, justify="right")
    for name, line in sorted(tally.lines.items()):
        counts = [str(line.verdicts[kind.value]) for kind in VerdictKind]
        auroc = line.image_auroc
        shown = "-" if auroc is None else f"{auroc:.3f}"
        table.add_row(name, *counts, str(line.epoch), str(line.bank_vectors), shown)
    return Group(table, Text(_pace(tally)), Text(note))


def _pace(tally: Tally) -> str:
    p50, p99 = (tally.latency_ms(quantile, _RECENT_FRAMES) for quantile in (0.5, 0.99))
    if p50 is None or p99 is None:
        return "waiting for the first verdict"
    rate = tally.frames_per_second(_RECENT_SECONDS)
    return (
        f"{rate:.1f} frames/s, latency p50 {p50:.0f} ms, p99 {p99:.0f} ms, {tally.dead_letters} dead letters"
    )


def summary(tally: Tally, seconds: float, clean: bool) -> dict[str, object]:
    """The last line of ``patchline demo --json``."""
    latency = {name: tally.latency_ms(quantile) for name, quantile in (("p50", 0.5), ("p99", 0.99))}
    return {
        "seconds": round(seconds, 1),
        "frames_sent": len(tally.sent),
        "verdicts": tally.verdicts,
        "dead_letters": tally.dead_letters,
        "alerts": len(tally.alerts),
        "ledger": "clean" if clean else "broken",
        "frames_per_second": round(tally.frames_per_second(), 2),
        "latency_ms": {name: None if value is None else round(value, 1) for name, value in latency.items()},
        "lines": {
            name: {"image_auroc": line.image_auroc, "epoch": line.epoch, "bank_vectors": line.bank_vectors}
            for name, line in sorted(tally.lines.items())
        },
    }
