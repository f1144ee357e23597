"""``patchline banks log``: what became of a line's banks, epochs and refusals in the order of time."""

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from workers.cli.options import AsJson, Line
from workers.cli.stored_banks import Installation, with_installation

if TYPE_CHECKING:
    from schemas.activation import Activated
    from schemas.line_event import LineEvent
    from service.signing.trust import Trust
    from service.stream.base import Reader, Record

_POLL_MS, _POLL_RECORDS, _SECONDS = 200, 1000, 30.0


def register(group: typer.Typer) -> None:
    """Add the command to the group ``banks``."""
    group.command("log", epilog="Example: patchline banks log line1 --json")(log)


def log(
    line: Line,
    limit: Annotated[int, typer.Option(metavar="COUNT", min=1, help="The newest so many.")] = 50,
    as_json: AsJson = False,
) -> None:
    """Every epoch and every refused command of a line: who, what and why, the oldest first."""
    from workers.cli.failures import Refused
    from workers.cli.screen import print_json

    entries = with_installation(lambda installation: _entries(installation, line))[-limit:]
    if not entries:
        raise Refused(f"nothing was ever told of line {line}: `patchline banks list` names the lines")
    if as_json:
        print_json({"line": line, "entries": entries})
    else:
        _print(entries)


async def _entries(installation: Installation, line: str) -> list[dict[str, Any]]:
    events = await _events(installation, line)
    history = installation.log.activations.history(line)
    activations = [entry.activation for entry in history if entry.activation is not None]
    told = {event.epoch: event for event in events if event.epoch is not None}
    entries = [_epoch(made, told.get(made.epoch)) for made in activations]
    entries += [_event(event) for event in events if event.epoch is None]
    return sorted(entries, key=lambda entry: str(entry["at"]))


async def _events(installation: Installation, line: str) -> "list[LineEvent]":
    """The first result of each command, and what else was told of the line but progress."""
    from schemas.reasons import LineEventKind
    from schemas.topics import TopicKind
    from service.signing.signatures import open_trust
    from workers.cli.installation import topic

    reader = await installation.broker.reader(topic(installation.settings, TopicKind.LINE_EVENTS))
    try:
        events = await _read(reader, line, open_trust(installation.settings.signing))
    finally:
        await reader.close()
    first: dict[Any, LineEvent] = {}
    for number, event in enumerate(events):
        if event.kind is not LineEventKind.BUILD_PROGRESS:
            first.setdefault(event.command_id or number, event)
    return list(first.values())


async def _read(reader: "Reader", line: str, trust: "Trust") -> "list[LineEvent]":
    from service.stream.base import StreamError

    ends = {partition: end for partition, (begin, end) in (await reader.bounds()).items() if begin < end}
    deadline = asyncio.get_running_loop().time() + _SECONDS
    found: list[LineEvent] = []
    while ends:
        if asyncio.get_running_loop().time() > deadline:
            raise StreamError(f"line-events could not be read to its end in {_SECONDS:g} s: check the broker")
        for record in await reader.poll(timeout_ms=_POLL_MS, max_records=_POLL_RECORDS):
            if record.offset + 1 >= ends.get(record.partition, 0):
                ends.pop(record.partition, None)
            if record.key == line.encode():
                found += _parsed(record, trust)
    return found


def _parsed(record: "Record", trust: "Trust") -> "list[LineEvent]":
    from service.signing.events import heard

    try:
        event = heard(record, trust)
    except ValueError:
        return []  # a later program's event: what it tells is not known here
    return [] if event is None else [event]


def _epoch(made: "Activated", event: "LineEvent | None") -> dict[str, Any]:
    facts = {} if event is None else _facts(event)
    return {
        **facts,
        "what": "epoch",
        "at": made.activated_at.isoformat(),
        "epoch": made.epoch,
        "model": made.model,
        "version": made.version,
        "actor": made.actor,
        "why": made.why,
        "sentence": facts.get("sentence", ""),
    }


def _event(event: "LineEvent") -> dict[str, Any]:
    from schemas.reasons import LineEventKind

    names = {LineEventKind.COMMAND_REFUSED: "refused", LineEventKind.COMMAND_DONE: "done"}
    return {**_facts(event), "what": names.get(event.kind, event.kind.value), "at": event.at.isoformat()}


def _facts(event: "LineEvent") -> dict[str, Any]:
    return event.model_dump(mode="json", exclude_none=True, exclude={"schema_version", "kind", "line", "at"})


def _print(entries: Sequence[dict[str, Any]]) -> None:
    from datetime import datetime

    from rich.table import Table

    from workers.cli import words
    from workers.cli.screen import answers

    table = Table(box=None, header_style="bold", pad_edge=False)
    for name in ("when", "what", "command", "by", "gate", "told"):
        table.add_column(name, no_wrap=name != "told", overflow="fold")
    for entry in entries:
        what = f"epoch {entry['epoch']}" if entry["what"] == "epoch" else str(entry["what"])
        table.add_row(
            words.when(datetime.fromisoformat(entry["at"])),
            what,
            str(entry.get("command_kind", "")),
            str(entry.get("actor", "")),
            str(entry.get("gate", "")),
            str(entry.get("sentence") or entry.get("why") or ""),
        )
    answers().print(table)
