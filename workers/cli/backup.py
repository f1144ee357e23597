"""``patchline backup``: all that cannot be made again, in a folder."""

import asyncio
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from workers.cli.options import AsJson

if TYPE_CHECKING:
    from service.backup.backup import Kept


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(epilog="Example: patchline backup /backups/2026-01-31")(backup)


def backup(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A new or empty folder.")],
    as_json: AsJson = False,
) -> None:
    """Back up a running installation: accounts, the logs kept for ever, banks, parts and canaries.

    Frames, heatmaps, verdicts and alerts are not in it; keys and other secrets are files of your own.
    """
    kept = asyncio.run(_back_up(folder))
    tell(kept, f"kept in {folder}", as_json=as_json)


async def _back_up(folder: Path) -> "Kept":
    from service.backup.backup import back_up
    from service.store import open_store
    from workers.cli.installation import command_settings, connected
    from workers.cli.progress import progress_bars

    settings = command_settings()
    async with connected(settings) as broker:
        with progress_bars({"objects": "Banks, parts, canaries"}) as bars:
            return await back_up(broker, open_store(settings.store), settings, folder, bars)


def tell(kept: "Kept", done: str, *, as_json: bool) -> None:
    """Say how much there was."""
    from workers.cli import words
    from workers.cli.screen import answers, print_json

    if as_json:
        print_json(asdict(kept))
        return
    objects = f"{words.many(kept.objects, 'object')} ({kept.bytes / 2**20:,.0f} MiB)"
    databases = words.many(kept.databases, "database")
    answers().print(f"{words.many(kept.records, 'record')}, {objects} and {databases} {done}", markup=False)
