"""``patchline replay``: frames of a line that could not be judged, sent to be judged now."""

import asyncio
from typing import TYPE_CHECKING, Annotated, Any

import typer

from workers.cli.options import AsJson, DryRun, Limit, Line, Since

if TYPE_CHECKING:
    from schemas.verdict import Verdict
    from service.letters.selection import Selection


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(epilog="Example: patchline replay line1 --reason breaker-open --since 2h --dry-run")(replay)


def replay(
    line: Line,
    reason: Annotated[
        list[str] | None, typer.Option(metavar="REASON", help="Only faults of this reason; repeatable.")
    ] = None,
    since: Since = None,
    limit: Limit = 1000,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Send the stored frames of a line's faults again, but for those replayed before.

    A replay passes an open breaker and tells nothing of drift.
    """
    from schemas.reasons import FaultReason
    from service.letters.selection import Selection
    from workers.cli import words
    from workers.cli.screen import answers, note, print_json

    for word in reason or ():
        if word not in set(FaultReason):
            raise typer.BadParameter(f"{word!r} is no reason: it is one of {', '.join(FaultReason)}")
    wanted = Selection(line, reason or (), since, limit)
    found, skipped = asyncio.run(_replay(wanted, dry_run=dry_run))
    done = "would be replayed" if dry_run else "replayed"
    if as_json:
        print_json({"frames": [_json(fault) for fault in found], "skipped": skipped, "done": done})
        return
    for fault in found:
        told = _json(fault)
        answers().print(f"{told['frame_id']}  {told['inspected_at']}  {told['reason']}", markup=False)
    for sentence in skipped:
        note(f"skipped: {sentence}")
    note(f"{words.many(len(found) - len(skipped), 'frame')} {done}")


async def _replay(wanted: "Selection", *, dry_run: bool) -> "tuple[list[Verdict], list[str]]":
    from schemas.topics import TopicKind
    from service.letters.resend import CannotReplay, faults, resend_fault
    from service.store import open_store
    from workers.cli.installation import command_settings, connected, topic

    settings = command_settings()
    skipped: list[str] = []
    async with connected(settings) as broker:
        found = [fault async for fault in faults(broker, topic(settings, TopicKind.VERDICTS), wanted)]
        found = found[: wanted.limit]
        if not dry_run and found:
            producer, store = await broker.producer(), open_store(settings.store)
            for fault in found:
                try:
                    await resend_fault(producer, store, topic(settings, TopicKind.FRAMES), fault)
                except CannotReplay as error:
                    skipped.append(str(error))
    return found, skipped


def _json(fault: "Verdict") -> dict[str, Any]:
    named = {"frame_id", "frame_uid", "line", "reason", "inspected_at", "source"}
    return fault.model_dump(mode="json", include=named)
