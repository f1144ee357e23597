"""``patchline sink-letters``: reports that a sink could not tell, looked at, told again or let go."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from workers.cli.options import AsJson, DryRun, Limit, OfLine, OnlyIds, Since, line_id

if TYPE_CHECKING:
    from service.sinks.letters import Choice, SinkLetter, SinkLetters

Of = Annotated[str | None, typer.Option("--sink", metavar="NAME", help="Only of this sink.", parser=line_id)]
Reason = Annotated[
    str | None, typer.Option("--reason", metavar="TEXT", help="Only where the reason has these words.")
]
_EXAMPLE = "mes/line1/5b0f3f6e-8f0a-5d0b-9a51-2f1c6c0e7a11"
Act = Callable[["SinkLetters", "SinkLetter"], Awaitable[None]]


def register(app: typer.Typer) -> None:
    """Add the group."""
    group = typer.Typer(no_args_is_help=True, help="What a sink could not tell: look, tell again, let go.")
    group.command("list", epilog="Example: patchline sink-letters list --sink mes --since 2h")(list_)
    group.command(epilog=f"Example: patchline sink-letters show {_EXAMPLE}")(show)
    group.command(epilog="Example: patchline sink-letters replay --sink mes --dry-run")(replay)
    group.command(epilog="Example: patchline sink-letters drop --sink mes --line line1 --limit 10")(drop)
    app.add_typer(group, name="sink-letters", epilog="Example: patchline sink-letters list --sink mes")


def list_(
    sink: Of = None,
    line: OfLine = None,
    reason: Reason = None,
    since: Since = None,
    limit: Limit = 100,
    as_json: AsJson = False,
) -> None:
    """List reports that were refused or given up, the oldest first."""
    found, skipped = asyncio.run(_each(_choice(sink, line, reason, since), None, limit, None))
    _tell("listed", found, skipped, as_json=as_json)


def show(
    letter_id: Annotated[str, typer.Argument(metavar="ID", help="Its id, from the list.")],
    as_json: AsJson = False,
) -> None:
    """Show all that is known of one of them: its reason, and the report as the counterpart would be told."""
    from workers.cli.failures import Refused
    from workers.cli.screen import answers, print_json

    found, skipped = asyncio.run(_each(_choice(None, None, None, None), [letter_id], 1, None))
    if not found:
        raise Refused(skipped[0])
    if as_json:
        print_json(_json(found[0]))
        return
    for name, value in _json(found[0]).items():
        answers().print(f"{name}: {value}", markup=False)


def replay(
    ids: OnlyIds = None,
    sink: Of = None,
    line: OfLine = None,
    reason: Reason = None,
    since: Since = None,
    limit: Limit = 1000,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Have the running sink tell them again, with the same report ids, within seconds.

    What its counterpart refuses again is in the list again.
    """
    from service.sinks.letters import SinkLetters

    found, skipped = asyncio.run(
        _each(_choice(sink, line, reason, since), ids, limit, None if dry_run else SinkLetters.replay)
    )
    _tell("would be told again" if dry_run else "to be told again", found, skipped, as_json=as_json)


def drop(
    ids: OnlyIds = None,
    sink: Of = None,
    line: OfLine = None,
    reason: Reason = None,
    since: Since = None,
    limit: Limit = 1000,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Remove them from the object store."""
    from service.sinks.letters import SinkLetters

    if not (ids or sink or line or reason or since):
        raise typer.BadParameter("say which to drop: ids, --sink, --line, --reason or --since")
    found, skipped = asyncio.run(
        _each(_choice(sink, line, reason, since), ids, limit, None if dry_run else SinkLetters.drop)
    )
    _tell("would be dropped" if dry_run else "dropped", found, skipped, as_json=as_json)


def _choice(sink: str | None, line: str | None, reason: str | None, since: datetime | None) -> "Choice":
    from service.sinks.letters import Choice

    return Choice(sink, line, reason, since)


async def _each(
    choice: "Choice", ids: list[str] | None, limit: int, act: Act | None
) -> "tuple[list[SinkLetter], list[str]]":
    """The letters that are meant, after ``act``; and a sentence for each that could not be had."""
    from service.sinks.letters import SinkLetters
    from service.store import open_store
    from workers.cli.installation import command_settings

    letters, skipped = SinkLetters(open_store(command_settings().store)), list[str]()
    found = list["SinkLetter"]()
    async for letter in _named(letters, ids, skipped) if ids else letters.chosen(choice, skipped):
        if choice.wants(letter):
            found.append(letter)
        if len(found) == limit:
            break
    if act is not None:
        for letter in found:
            await act(letters, letter)
    return found, skipped


async def _named(letters: "SinkLetters", ids: list[str], skipped: list[str]) -> "AsyncIterator[SinkLetter]":
    from service.sinks.letters import LetterUnreadable

    for name in ids:
        try:
            letter = await letters.named(name)
        except LetterUnreadable as error:
            skipped.append(str(error))
            continue
        if letter is None:
            skipped.append(f"{name!r} is no letter of a sink: see `patchline sink-letters list`")
        else:
            yield letter


def _json(letter: "SinkLetter") -> dict[str, Any]:
    return {"id": letter.id, **letter.model_dump(mode="json", exclude_none=True)}


def _tell(done: str, found: "list[SinkLetter]", skipped: list[str], *, as_json: bool) -> None:
    from workers.cli import words
    from workers.cli.screen import answers, note, print_json

    if as_json:
        letters = [_json(letter) for letter in found]
        print_json({"letters": letters, "skipped": skipped, "done": done})
        return
    for letter in found:
        said = f"{letter.id}  {words.when(letter.set_aside_at)}  {letter.report.part_id or '–'}"
        answers().print(f"{said}  {letter.reason}", markup=False)
    for sentence in skipped:
        note(f"skipped: {sentence}")
    note(f"{words.many(len(found), 'report')} {done}")
