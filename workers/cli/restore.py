"""``patchline restore``: an installation as its backup has it."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from workers.cli.backup import tell
from workers.cli.options import AsJson

if TYPE_CHECKING:
    from service.backup.backup import Kept


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(epilog="Example: patchline restore /backups/2026-01-31")(restore)


def restore(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="What `patchline backup` wrote.", exists=True)
    ],
    as_json: AsJson = False,
) -> None:
    """Fill an empty installation from a backup, or go on where that ended before.

    Run `patchline topics create` first, and start the programs afterwards. Refused where the topics have
    something else, or a file of the backup is not as it was written.
    """
    tell(asyncio.run(_restore(folder)), f"restored from {folder}", as_json=as_json)


async def _restore(folder: Path) -> "Kept":
    from service.backup import restore as restoration
    from service.runtime.start import require_topics
    from service.store import open_store
    from workers.cli.installation import command_settings, connected
    from workers.cli.progress import progress_bars

    settings = command_settings()
    async with connected(settings) as broker:
        await require_topics(broker, settings.kafka.topic_prefix)
        with progress_bars({"objects": "Banks, parts, canaries"}) as bars:
            return await restoration.restore(broker, open_store(settings.store), settings, folder, bars)
