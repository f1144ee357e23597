"""``patchline banks restore``: the banks topic written again from the object store."""

import asyncio
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from workers.cli.options import AsJson, line_id

if TYPE_CHECKING:
    from service.banks.restore_log import RestorationReport


def register(group: typer.Typer) -> None:
    """Add the command to the group ``banks``."""
    group.command(epilog="Example: patchline banks restore --json")(restore)


def restore(
    line: Annotated[
        str | None, typer.Argument(metavar="[LINE]", help="Only this line.", parser=line_id)
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Fill an empty or truncated banks topic again from the object store, every epoch with its number.

    Changes nothing where nothing is missing. Start the programs again afterwards.
    """
    from workers.cli.failures import FAILED
    from workers.cli.screen import print_json

    report = asyncio.run(_restore(line))
    if as_json:
        print_json(asdict(report))
    else:
        _tell(report)
    if report.forked:
        raise typer.Exit(FAILED)


async def _restore(line: str | None) -> "RestorationReport":
    from service.banks.restore_log import restore_log
    from service.runtime.start import require_topics
    from service.signing.signatures import open_signatures
    from service.signing.statement import KeyUse
    from service.store import open_store
    from workers.cli.installation import command_settings, connected
    from workers.cli.person import actor
    from workers.cli.progress import progress_bars

    settings = command_settings()
    signatures = open_signatures(settings.signing, KeyUse.BANKS)
    async with connected(settings) as broker:
        await require_topics(broker, settings.kafka.topic_prefix)
        with progress_bars({"restore": "Restoring lines"}) as tell:
            return await restore_log(
                broker,
                open_store(settings.store),
                settings.kafka.topic_prefix,
                line=line,
                signatures=signatures,
                actor=actor(),
                progress=lambda done, total: tell("restore", done, total),
            )


def _tell(report: "RestorationReport") -> None:
    from workers.cli import words
    from workers.cli.screen import answers, note

    for restored in report.lines:
        epochs = words.many(len(restored.epochs), "epoch")
        answers().print(
            f"{restored.line}: {epochs} and {words.many(restored.published, 'bank')} written again"
        )
        if restored.lost:
            lost = ", ".join(map(str, restored.lost))
            note(f"{restored.line}: the records of epoch {lost} are nowhere; their numbers are kept")
        for version in restored.spoilt:
            note(f"{restored.line}: bank {words.version(version)} is spoilt in the object store")
    if report.archived:
        answers().print(f"{words.many(report.archived, 'activation')} kept in the object store")
    for sentence in report.forked:
        answers().print(sentence, markup=False)
    if not (report.lines or report.archived or report.forked):
        answers().print("Nothing is missing: the banks topic and the object store say the same.")
