"""``patchline report``: a line's day as one HTML file."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from workers.cli.options import Line, moment
from workers.cli.reporting import check_report, write_report

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from schemas.verdict import Verdict
    from service.report.line_record import LineRecord
    from service.settings import Settings
    from service.store.object_store import ObjectStore

_DAY = timedelta(days=1)
_MOST_PICTURE_BYTES = 4 * 2**20


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(epilog="Example: patchline report line1 --since 24h --out line1.html")(report)


def report(
    line: Line,
    since: Annotated[
        datetime | None,
        typer.Option(metavar="TIME", parser=moment, help="From when on: 24h (the default), 7d, a time."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE.html", help="Where to; else LINE.html in this folder.")
    ] = None,
) -> None:
    """Write what became of a line's frames as one HTML file that asks for nothing outside of it: counts,
    scores and thresholds, the strangest parts, what people answered, what was told of the line."""
    from service.report.of_line import line_report
    from workers.cli.app import installed_version
    from workers.cli.installation import command_settings

    path = out or Path(f"{line}.html")
    check_report(path)
    record, pictures = asyncio.run(_gather(command_settings(), line, since or datetime.now(UTC) - _DAY))
    write_report(path, lambda made: line_report(record, pictures, made, installed_version()))


async def _gather(settings: "Settings", line: str, since: datetime) -> "tuple[LineRecord, dict[UUID, bytes]]":
    from service.report.line_record import read_line
    from service.report.of_line import Kinds
    from service.signing.signatures import open_trust
    from service.store import open_store
    from workers.cli.installation import connected
    from workers.cli.progress import progress_bars

    trust = open_trust(settings.signing)
    async with connected(settings) as broker:
        with progress_bars({}) as tell:
            record = await read_line(broker, settings.kafka.topic_prefix, line, since, trust, tell)
        return record, await _pictures(open_store(settings.store), Kinds(record).shown())


async def _pictures(store: "ObjectStore", verdicts: "Sequence[Verdict]") -> "dict[UUID, bytes]":
    """The heatmaps that are still kept: ours, so they are the PNGs that we drew."""
    from service.store.errors import MissingObject
    from service.store.keys import heatmap_key

    found = {}
    for verdict in verdicts:
        if verdict.heatmap_url is None or verdict.bank_version is None:
            continue
        key = heatmap_key(verdict.line, verdict.frame_uid, verdict.bank_version)
        try:
            found[verdict.frame_uid] = await store.get(key, max_bytes=_MOST_PICTURE_BYTES)
        except MissingObject:
            continue  # retention took it: the part is told without its picture
    return found
