"""``patchline dead-letters``: what was set aside, looked at, sent again or let go."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from workers.cli.options import AsJson, DryRun, Limit, OfLine, OnlyIds, Since, line_id

if TYPE_CHECKING:
    from service.letters.letters import Letter
    from service.letters.selection import Selection
    from service.settings import Settings
    from service.store import ObjectStore
    from service.stream.base import Broker

Reasons = Annotated[
    list[str] | None, typer.Option("--reason", metavar="REASON", help="Only of this reason; repeatable.")
]


def register(app: typer.Typer) -> None:
    """Add the group."""
    group = typer.Typer(no_args_is_help=True, help="What could not be inspected: look, send again, let go.")
    group.command("list", epilog="Example: patchline dead-letters list --reason truncated")(list_)
    group.command(epilog="Example: patchline dead-letters show 3/1042 --save frame.bin")(show)
    group.command(epilog="Example: patchline dead-letters replay --line line1 --dry-run")(replay)
    group.command(epilog="Example: patchline dead-letters drop --reason not-an-image --limit 10")(drop)
    app.add_typer(group, name="dead-letters", epilog="Example: patchline dead-letters list --since 2h")


def list_(
    line: OfLine = None,
    reason: Reasons = None,
    since: Since = None,
    limit: Limit = 100,
    settled: Annotated[bool, typer.Option("--all", metavar="", help="Settled ones too.")] = False,
    as_json: AsJson = False,
) -> None:
    """List dead letters that are neither dropped nor replayed, the oldest of each partition first."""
    found = asyncio.run(_each(_selection(line, reason, since, limit), None, _nothing, settled=settled))
    _tell("listed", found, [], as_json=as_json)


def show(
    letter_id: Annotated[str, typer.Argument(metavar="ID", help="Its id, from the list.")],
    save: Annotated[Path | None, typer.Option(metavar="FILE", help="Write its bytes to this file.")] = None,
    as_json: AsJson = False,
) -> None:
    """Show all that is known of one dead letter."""
    from workers.cli.screen import answers, print_json

    (letter,) = asyncio.run(_show(letter_id, save))
    if as_json:
        print_json(_json(letter))
        return
    for name, value in _json(letter).items():
        answers().print(f"{name}: {value}", markup=False)


def replay(
    ids: OnlyIds = None,
    line: OfLine = None,
    reason: Reasons = None,
    since: Since = None,
    limit: Limit = 1000,
    as_line: Annotated[
        str | None,
        typer.Option(metavar="LINE", help="For those without a line.", parser=line_id),
    ] = None,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Send them again, as new frames with a replay-of header; each is settled then."""

    async def act(broker: "Broker", store: "ObjectStore", settings: "Settings", letter: "Letter") -> None:
        from schemas.topics import TopicKind
        from service.letters.letters import settle
        from service.letters.resend import resend_letter
        from workers.cli.installation import topic

        topics = topic(settings, TopicKind.DEAD_LETTERS), topic(settings, TopicKind.FRAMES)
        await resend_letter(broker, await broker.producer(), topics, letter, as_line)
        await settle(store, letter, "replayed")

    skipped: list[str] = []
    action = _nothing if dry_run else _leniently(act, skipped)
    found = asyncio.run(_each(_selection(line, reason, since, limit), ids, action))
    _tell("would be replayed" if dry_run else "replayed", found, skipped, as_json=as_json)


def drop(
    ids: OnlyIds = None,
    line: OfLine = None,
    reason: Reasons = None,
    since: Since = None,
    limit: Limit = 1000,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """List them no longer. Their bytes stay until the topic forgets them."""

    async def act(_broker: "Broker", store: "ObjectStore", _settings: "Settings", letter: "Letter") -> None:
        from service.letters.letters import settle

        await settle(store, letter, "dropped")

    if not (ids or line or reason or since):
        raise typer.BadParameter("say which to drop: ids, --line, --reason or --since")
    action = _nothing if dry_run else act
    found = asyncio.run(_each(_selection(line, reason, since, limit), ids, action))
    _tell("would be dropped" if dry_run else "dropped", found, [], as_json=as_json)


Act = Callable[["Broker", "ObjectStore", "Settings", "Letter"], Awaitable[None]]


async def _nothing(
    _broker: "Broker", _store: "ObjectStore", _settings: "Settings", _letter: "Letter"
) -> None:
    return


def _leniently(act: Act, skipped: list[str]) -> Act:
    async def attempt(broker: "Broker", store: "ObjectStore", settings: "Settings", letter: "Letter") -> None:
        from service.letters.resend import CannotReplay

        try:
            await act(broker, store, settings, letter)
        except (CannotReplay, LookupError) as error:
            skipped.append(str(error))

    return attempt


async def _each(
    wanted: "Selection", ids: list[str] | None, act: Act, *, settled: bool = False
) -> "list[Letter]":
    from schemas.topics import TopicKind
    from service.letters.letters import letters
    from service.store import open_store
    from workers.cli.installation import command_settings, connected, topic

    settings = command_settings()
    store = open_store(settings.store)
    async with connected(settings) as broker:
        found: list[Letter] = []
        async for letter in letters(broker, store, topic(settings, TopicKind.DEAD_LETTERS), wanted):
            if (letter.state == "open" or settled) and (not ids or letter.id in ids):
                found.append(letter)
            if len(found) == wanted.limit:
                break
        for letter in found:
            await act(broker, store, settings, letter)
    return found


async def _show(letter_id: str, save: Path | None) -> "list[Letter]":
    from schemas.topics import TopicKind
    from service.letters.letters import letters, value_of
    from service.letters.selection import Selection
    from service.store import open_store
    from workers.cli.failures import Refused
    from workers.cli.installation import command_settings, connected, topic

    settings = command_settings()
    named = topic(settings, TopicKind.DEAD_LETTERS)
    store = open_store(settings.store)
    async with connected(settings) as broker:
        found = [x async for x in letters(broker, store, named, Selection()) if x.id == letter_id]
        if not found:
            raise Refused(f"{letter_id!r} is no dead letter: see `patchline dead-letters list --all`")
        if save is not None:
            reference = found[0].told.original_ref
            data = await value_of(broker, named, found[0])
            if reference is not None:
                data = await store.get(reference.partition("/")[2])
            await asyncio.to_thread(save.write_bytes, data)
    return found


def _selection(line: str | None, reason: list[str] | None, since: datetime | None, limit: int) -> "Selection":
    from schemas.reasons import DeadLetterReason
    from service.letters.selection import Selection

    for word in reason or ():
        if word not in set(DeadLetterReason):
            raise typer.BadParameter(f"{word!r} is no reason: it is one of {', '.join(DeadLetterReason)}")
    return Selection(line, reason or (), since, limit)


def _json(letter: "Letter") -> dict[str, Any]:
    return {
        "id": letter.id,
        "line": letter.line,
        "state": letter.state,
        "size_bytes": letter.size_bytes,
        **letter.told.model_dump(mode="json", exclude_none=True),
        **letter.headers.model_dump(mode="json", exclude_none=True),
    }


def _tell(done: str, found: "list[Letter]", skipped: list[str], *, as_json: bool) -> None:
    from workers.cli import words
    from workers.cli.screen import answers, note, print_json

    if as_json:
        print_json({"letters": [_json(letter) for letter in found], "skipped": skipped, "done": done})
        return
    for letter in found:
        told = letter.told
        said = f"{letter.id}  {words.when(told.set_aside_at)}  {letter.line or '–'}  {told.reason.value}"
        answers().print(f"{said}  {words.size(letter.size_bytes)}  {letter.state}", markup=False)
    for sentence in skipped:
        note(f"skipped: {sentence}")
    note(f"{words.many(len(found) - len(skipped), 'dead letter')} {done}")
