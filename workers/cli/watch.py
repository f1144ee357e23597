"""``patchline watch``: verdicts or alerts as they come, one line each."""

import asyncio
from typing import TYPE_CHECKING, Annotated, Any

import typer

from workers.cli.options import line_id

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from schemas.alert import Alert
    from schemas.verdict import Verdict
    from service.settings import Settings
    from service.stream.base import Reader, Record

_POLL_MS = 250
_POLL_RECORDS = 500


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(epilog="Example: patchline watch --line line1 --alerts --json | jq .heatmap_url")(watch)


def watch(
    line: Annotated[
        str | None, typer.Option(metavar="LINE", help="Only of this line.", parser=line_id)
    ] = None,
    alerts: Annotated[bool, typer.Option("--alerts", metavar="", help="Alerts instead of verdicts.")] = False,
    from_start: Annotated[
        bool, typer.Option("--from-start", metavar="", help="From the first that is kept.")
    ] = False,
    limit: Annotated[
        int | None, typer.Option(metavar="COUNT", min=1, help="End after so many; else at Ctrl-C.")
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", metavar="", help="One JSON object a line, for machines.")
    ] = False,
) -> None:
    """Print verdicts, or alerts, as they come: one line each, until Ctrl-C."""
    from workers.cli.installation import command_settings

    asyncio.run(_watch(command_settings(), line, alerts, from_start, limit, as_json))


async def _watch(
    settings: "Settings", line: str | None, alerts: bool, from_start: bool, limit: int | None, as_json: bool
) -> None:
    from schemas.topics import TopicKind
    from workers.cli.installation import connected, topic
    from workers.cli.progress import spinner
    from workers.cli.screen import note

    watched = topic(settings, TopicKind.ALERTS if alerts else TopicKind.VERDICTS)
    async with connected(settings) as broker:
        with spinner(f"Asking the broker {settings.kafka.bootstrap}"):
            reader = await broker.reader(watched, at_end=not from_start)
        note(f"watching {watched} on {settings.kafka.bootstrap}; Ctrl-C ends")
        printed = _as_json if as_json else (_alert_line if alerts else _verdict_line)
        await _follow(reader, line, limit, printed)


async def _follow(
    reader: "Reader", line: str | None, limit: int | None, printed: "Callable[[Record], None]"
) -> None:
    from service.runtime.signals import stop_event

    stop = stop_event()
    left = limit
    while not stop.is_set() and left != 0:
        records = await reader.poll(timeout_ms=_POLL_MS, max_records=_POLL_RECORDS)
        wanted = _wanted(records, line)[:left]
        for record in wanted:
            _print(record, printed)
        left = None if left is None else left - len(wanted)


def _wanted(records: "Sequence[Record]", line: str | None) -> "list[Record]":
    return [record for record in records if line is None or record.key == line.encode()]


def _print(record: "Record", printed: "Callable[[Record], None]") -> None:
    from workers.cli.screen import note

    try:
        printed(record)
    except ValueError:
        place = f"{record.topic} {record.partition}/{record.offset}"
        note(f"{place} cannot be read: upgrade this program, or ask who wrote it")


def _as_json(record: "Record") -> None:
    import json

    from workers.cli.screen import print_json

    print_json(json.loads(record.value or b""))


def _verdict_line(record: "Record") -> None:
    from schemas.verdict import Verdict

    _line(Verdict.from_bytes(record.value or b""))


def _alert_line(record: "Record") -> None:
    from schemas.alert import Alert

    _line(Alert.from_bytes(record.value or b""))


def _line(told: "Verdict | Alert") -> None:
    from rich.text import Text

    from workers.cli import words
    from workers.cli.screen import answers

    said = Text(f"{told.inspected_at.astimezone():%H:%M:%S}  {told.line}  {told.frame_id}  ")
    said.append_text(words.verdict(told.verdict.value))
    said.append(f"  {_because(told)}")
    answers().print(said, soft_wrap=True)


def _because(told: Any) -> str:
    from workers.cli import words

    reason = getattr(told, "reason", None)
    if told.score is None:
        return reason.sentence if reason else ""
    sign = ">" if told.threshold is not None and told.score > told.threshold else "≤"
    said = f"score {words.score(told.score)} {sign} {words.score(told.threshold)}"
    said += f", p {words.p_value(told.p_value)}"
    if told.regions:
        said += f", {words.many(len(told.regions), 'region')}"
    return f"{said}  {told.heatmap_url}" if told.heatmap_url else said
