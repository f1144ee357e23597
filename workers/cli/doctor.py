"""``patchline doctor``: whether this machine can do its part, and what to do where it cannot."""

import asyncio
from typing import TYPE_CHECKING

import typer

from workers.cli.options import AsJson

if TYPE_CHECKING:
    from workers.cli.checkup import Finding


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(epilog="Example: patchline doctor --json")(doctor)


def doctor(
    as_json: AsJson = False,
) -> None:
    """Check settings, broker, topics, cache, store, banks, weights and device; exits with 1 when one fails.

    Each check ends within seconds, whatever is down.
    """
    from service.settings import SettingsError
    from workers.cli.checkup import Finding, examine
    from workers.cli.failures import FAILED
    from workers.cli.installation import command_settings
    from workers.cli.progress import spinner

    try:
        settings = command_settings()
    except SettingsError as error:
        findings = [Finding("settings", False, str(error))]
        _name_settings()
    else:
        with spinner("Examining"):
            findings = asyncio.run(examine(settings))
    _tell(findings, as_json=as_json)
    if not all(finding.ok for finding in findings):
        raise typer.Exit(FAILED)


def _name_settings() -> None:
    """The refusal of a misspelt setting sends people here for the names."""
    from service.settings import setting_names
    from workers.cli.screen import note

    note("settings are: " + ", ".join(setting_names()))


def _tell(findings: "list[Finding]", *, as_json: bool) -> None:
    from rich.table import Table
    from rich.text import Text

    from workers.cli.screen import answers, print_json

    if as_json:
        checks = [{"name": f.name, "ok": f.ok, "sentence": f.sentence} for f in findings]
        print_json({"ok": all(f.ok for f in findings), "checks": checks})
        return
    table = Table(box=None, show_header=False, pad_edge=False)
    for finding in findings:
        state = Text("ok", "green") if finding.ok else Text("failed", "bold red")
        table.add_row(finding.name, state, Text(finding.sentence))
    answers().print(table)
