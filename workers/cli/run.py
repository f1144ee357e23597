"""``patchline run``: the programs of an installation, each until SIGTERM or Ctrl-C."""

import asyncio
import os
import sys
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Annotated, Any

import typer

from workers.cli import run_camera
from workers.cli.log_format import Format, LogFormat
from workers.cli.options import line_id

if TYPE_CHECKING:
    from service.settings import Settings
    from workers.supervisor.child import Errand

# What an inspector needs beside its drain time to close what it opened.
_DRAIN_SLACK_SECONDS = 10.0


def register(app: typer.Typer) -> None:
    """Add the group."""
    group = typer.Typer(no_args_is_help=True, help="Run a program of the installation until it is stopped.")
    group.command(epilog="Example: patchline run inspector")(inspector)
    group.command(epilog="Example: patchline run rebuilder")(rebuilder)
    group.command(epilog="Example: patchline run web --log-format json")(web)
    group.command(epilog="Example: patchline run retention --once")(retention)
    group.command(epilog=run_camera.EXAMPLE)(run_camera.camera)
    group.command(epilog="Example: patchline run sink --name mes")(sink)
    group.command("all", epilog="Example: patchline run all --camera line1=/var/spool/line1")(every)
    app.add_typer(group, name="run", epilog="Example: patchline run inspector")


def inspector(log_format: Format = None) -> None:
    """Score frames: one verdict for each, alerts for defects."""
    settings = program_settings("inspector", log_format)
    from workers.inspector.program import run_inspector

    _until_stopped(run_inspector(settings))


def rebuilder(log_format: Format = None) -> None:
    """Carry out commands: grow banks from approved parts."""
    settings = program_settings("rebuilder", log_format)
    from workers.rebuilder.program import run_program

    _until_stopped(run_program(settings))


def web(log_format: Format = None) -> None:
    """Serve the operator's page and its HTTP API."""
    settings = program_settings("web", log_format)
    from workers.web.program import serve

    _until_stopped(serve(settings))


def retention(
    once: Annotated[
        bool, typer.Option("--once", metavar="", help="One sweep, then end; for a scheduler of your own.")
    ] = False,
    log_format: Format = None,
) -> None:
    """Remove frames and heatmaps by verdict, age and total size. Never parts, canaries or banks."""
    settings = program_settings("retention", log_format)
    from workers.retention.program import run_retention

    _until_stopped(run_retention(settings, once=once))


def sink(
    name: Annotated[str, typer.Option(metavar="NAME", help="The sink's table in PATCHLINE_SINKS__FILE.")],
    log_format: Format = None,
) -> None:
    """Tell a PLC, a broker, a file or a web service of verdicts or alerts (docs/factory.md)."""
    settings = program_settings("sink", log_format)
    from workers.sink.program import run_sink

    _until_stopped(run_sink(settings, name))


def every(
    cameras: Annotated[
        list[str] | None,
        typer.Option(
            "--camera",
            metavar="LINE=SOURCE",
            help="A camera of the line, as `run camera` takes it; repeatable.",
        ),
    ] = None,
    sinks: Annotated[
        list[str] | None,
        typer.Option("--sink", metavar="NAME", help="A sink, as `run sink` takes it; repeatable."),
    ] = None,
    log_format: Format = None,
) -> None:
    """Run inspector, rebuilder, page and retention, with cameras and sinks, and start again what ends.

    Ends when told to, or once a program has used up its restarts (PATCHLINE_SUPERVISOR__RESTARTS). With a
    fixed telemetry port, each program takes the next one.
    """
    settings = program_settings("supervisor", log_format)
    _until_stopped(_supervised(settings, _errands(settings, cameras or [], sinks or [], log_format)))


async def _supervised(settings: "Settings", errands: "list[Errand]") -> int:
    from service.runtime.signals import stop_event
    from workers.supervisor.program import supervise

    drain = settings.inspector.drain_seconds + _DRAIN_SLACK_SECONDS
    await supervise(errands, settings.supervisor, stop_event(), drain_seconds=drain)
    return 0


def _errands(
    settings: "Settings", cameras: list[str], sinks: list[str], log_format: LogFormat | None
) -> "list[Errand]":
    from workers.supervisor.child import Errand

    programs: list[tuple[str, ...]] = [("inspector",), ("rebuilder",), ("web",), ("retention",)]
    programs += [_camera_words(camera) for camera in cameras]
    programs += [("sink", "--name", line_id(name)) for name in sinks]
    errands = []
    for place, words in enumerate(programs):
        port = settings.telemetry.port
        environment = dict(os.environ)
        if port:
            environment["PATCHLINE_TELEMETRY__PORT"] = str(port + place)
        options = ["--log-format", log_format.value] if log_format else []
        command = [sys.executable, "-m", "workers", "run", *words, *options]
        name = " ".join([word for word in words if word != "--name"][:2])
        errands.append(Errand(name, command, environment))
    return errands


def _camera_words(camera: str) -> tuple[str, ...]:
    line, separator, folder = camera.partition("=")
    if not separator or not folder:
        raise typer.BadParameter(f"--camera {camera!r} names no source: write it as line1=/var/spool/line1")
    return "camera", line_id(line), folder


def program_settings(program: str, log_format: LogFormat | None) -> "Settings":
    """The settings of the environment, with logs set up for a program. Raises ``SettingsError``."""
    from service.settings import load_settings
    from service.telemetry.logs import configure_logs
    from service.telemetry.tracing import start_tracing

    settings = load_settings()
    telemetry = settings.telemetry
    if log_format is None and "log_format" not in telemetry.model_fields_set and sys.stderr.isatty():
        log_format = LogFormat.PRETTY
    if log_format is not None:
        telemetry = telemetry.model_copy(update={"log_format": log_format.value})
    configure_logs(telemetry, program)
    start_tracing(telemetry, program)
    return settings.model_copy(update={"telemetry": telemetry})


def _until_stopped(program: "Coroutine[Any, Any, int]") -> None:
    raise typer.Exit(asyncio.run(program))
