"""``patchline demo``: the main job on one machine, on real photos, from nothing and back to nothing."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from workers.cli.failures import Failed
from workers.cli.options import AsJson
from workers.cli.screen import beside, note, print_json

_EPILOG = "Example: patchline demo --seconds 60 --json"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(epilog=_EPILOG)(demo)


def demo(
    seconds: Annotated[
        float | None, typer.Option(min=1, help="Inspect for so long, then end. Default: until Ctrl-C.")
    ] = None,
    rate: Annotated[float, typer.Option(min=0.1, max=1000, help="Frames a second over both lines.")] = 30.0,
    export: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Write the cells as folders for `evaluate` to DIR, and end."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Inspect two lines of real solar cells: a broker, a cache, a page and all programs, started and stopped.

    A bounded run also approves good parts that were flagged. Exits 1 when the ledger does not hold."""
    if export is not None:
        _export(export, as_json)
        return
    from service.settings import TelemetrySettings
    from service.telemetry.logs import configure_logs
    from workers.demo.program import DemoOptions, DemoStopped, run_demo

    configure_logs(TelemetrySettings(log_format="pretty", log_level="error"), "demo")
    try:
        end = asyncio.run(run_demo(DemoOptions(seconds, rate), beside()))
    except DemoStopped as stopped:
        raise KeyboardInterrupt from stopped
    if as_json:
        print_json(end.summary)
    for trouble in end.report.troubles:
        note(trouble.sentence)
    if not end.report.clean:
        raise Failed("the ledger is broken: the lines above say which frames, and this is a bug to report")
    note(f"The ledger holds: {end.report.accepted} frames accepted, each with one outcome.")


def _export(folder: Path, as_json: bool) -> None:
    from workers.demo.cells import read_cells
    from workers.demo.export import export_cells

    written = export_cells(read_cells(), folder)
    if as_json:
        print_json(written)
    for name, places in written.items():
        counts = ", ".join(f"{count} in {place}" for place, count in places.items())
        note(f"{folder / name}: {counts}. Measure it: patchline evaluate {folder / name} --max-train 200")
