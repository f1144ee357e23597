"""The tree of commands, and the one place where an error becomes a sentence and an exit code."""

import contextlib
import importlib
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from workers.cli import INTERRUPTED, failures

COMMANDS = (
    "init",
    "train",
    "inspect",
    "evaluate",
    "run",
    "send",
    "watch",
    "approve",
    "confirm-defect",
    "maintenance",
    "banks",
    "dead-letters",
    "replay",
    "sink-letters",
    "ledger",
    "report",
    "topics",
    "users",
    "tokens",
    "keys",
    "backup",
    "restore",
    "doctor",
    "bench",
    "demo",
)


class _AsListed(TyperGroup):
    """Typer would put single commands before groups."""

    def list_commands(self, ctx: Any) -> list[str]:
        return [name for name in COMMANDS if name in self.commands]


def build_app() -> typer.Typer:
    """Every command, in the order of a first day with Patchline. A command's file gives ``register(app)``."""
    app = typer.Typer(
        name="patchline",
        cls=_AsListed,
        help="Streaming visual inspection: banks of good parts on Kafka, taught while the line runs.",
        epilog="Example: patchline train line1 --good photos/good --publish",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(_every_command)
    for name in COMMANDS:
        importlib.import_module(f"workers.cli.{name.replace('-', '_')}").register(app)
    return app


def run(arguments: Sequence[str]) -> int:
    """Run one command; answers the exit code and raises nothing but what ``--traceback`` asks for."""
    command = typer.main.get_command(build_app())
    try:
        code = command.main(list(arguments), prog_name="patchline", standalone_mode=False)
    except SystemExit as end:
        # Typer ends us where whoever read our output has seen enough, as `head` does: that is no failure.
        # And it ends us with its own code where a shell asked for completions.
        if isinstance(end.__context__, BrokenPipeError):
            return failures.FINE
        return end.code if isinstance(end.code, int) else failures.FAILED
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - the last one to see it
        return _told(error, traceback="--traceback" in arguments)
    return code if isinstance(code, int) else failures.FINE


def _told(error: BaseException, *, traceback: bool) -> int:
    from workers.cli.screen import beside, complain

    if isinstance(error, KeyboardInterrupt):
        with contextlib.suppress(OSError):
            beside().print("\nstopped")
        return INTERRUPTED
    if type(error).__name__ == "NoArgsIsHelpError":
        # Typer has printed the help while it made the exception.
        return failures.WRONG_USE
    if traceback and not isinstance(error, failures.Complaint):
        raise error
    complain(failures.sentence_of(error))
    return failures.code_of(error)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"patchline {installed_version()}")
        raise typer.Exit


def installed_version() -> str:
    """Of the installed package, for people."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("patchline")
    except PackageNotFoundError:
        return "from a source tree that is not installed"


def _settings(path: Path | None) -> None:
    if path is not None:
        from workers.cli.settings_file import adopt

        adopt(path)


def _every_command(
    version: Annotated[
        bool,
        typer.Option("--version", metavar="", callback=_version, is_eager=True, help="Print the version."),
    ] = False,
    settings: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            envvar="PATCHLINE_SETTINGS",
            callback=_settings,
            is_eager=True,
            help="A settings file, as `patchline init` writes one; the environment goes before it.",
        ),
    ] = None,
    traceback: Annotated[
        bool, typer.Option("--traceback", metavar="", help="Show where an error came from, for a bug report.")
    ] = False,
) -> None:
    pass
