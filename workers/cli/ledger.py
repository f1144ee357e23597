"""``patchline ledger``: the proof that no accepted frame went without an outcome."""

import asyncio
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from workers.cli.options import AsJson, moment

if TYPE_CHECKING:
    from collections.abc import Iterator

    from service.ledger.report import LedgerReport
    from service.settings import Settings


def register(app: typer.Typer) -> None:
    """Add the group."""
    group = typer.Typer(no_args_is_help=True, help="Prove that every accepted frame has its outcome.")
    group.command(epilog="Example: patchline ledger check --since 2h --json")(check)
    group.callback()(_group)
    app.add_typer(group, name="ledger", epilog="Example: patchline ledger check")


def _group() -> None:
    pass


def check(
    since: Annotated[
        datetime | None,
        typer.Option(metavar="TIME", parser=moment, help="Only frames since: 2h, 30m, 2026-01-31T12:00:00Z."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Read the logs and balance them: accepted = scored + dead-lettered + dropped, and alerts with heatmaps.

    May run beside everything, and changes nothing. Exits with 1 when the ledger does not hold; what is
    wrong, with a sample of its offsets, stands in the answer, with --json on standard error.
    """
    from workers.cli.failures import FAILED
    from workers.cli.installation import command_settings
    from workers.cli.screen import complain, print_json

    report = asyncio.run(_check(command_settings(), since))
    if as_json:
        print_json(report.summary())
        for sentence in _troubles(report):
            complain(sentence)
    else:
        _tell(report)
    if not report.clean:
        raise typer.Exit(FAILED)


async def _check(settings: "Settings", since: datetime | None) -> "LedgerReport":
    from service.ledger.check import check_ledger
    from service.signing.signatures import open_trust
    from service.store import open_store
    from workers.cli.installation import connected
    from workers.cli.progress import progress_bars

    trust = open_trust(settings.signing)
    async with connected(settings) as broker:
        with progress_bars({}) as tell:
            return await check_ledger(
                broker,
                open_store(settings.store),
                settings.kafka.topic_prefix,
                settings.inspector.group,
                since_ms=None if since is None else int(since.timestamp() * 1000),
                progress=tell,
                trust=trust,
            )


def _tell(report: "LedgerReport") -> None:
    from workers.cli.screen import answers

    screen = answers()
    screen.print(_table(report))
    for sentence in _troubles(report):
        screen.print(sentence, markup=False)
    if report.clean:
        screen.print("The ledger holds: every accepted frame has its outcome.", style="green")
    else:
        screen.print("The ledger does not hold.", style="bold red")


def _troubles(report: "LedgerReport") -> "Iterator[str]":
    for trouble in report.troubles:
        count = report.count(trouble.kind)
        place = f"{trouble.topic.value} {trouble.partition}/{trouble.offset}"
        yield f"{place}: {trouble.kind.value} (of {count}): {trouble.sentence}"


def _table(report: "LedgerReport") -> Any:
    from rich.table import Table

    from service.ledger.report import TroubleKind

    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(justify="left")
    table.add_column(justify="right")
    troubles = {kind.field for kind in TroubleKind}
    numbers = report.model_dump(exclude={"troubles", "clean"})
    for name, number in numbers.items():
        style = "bold red" if name in troubles and number else ("dim" if not number else "")
        table.add_row(name.replace("_", " "), f"{number:,}", style=style)
    return table
