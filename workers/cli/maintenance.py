"""``patchline maintenance``: when a line is not judged, told to the page's API, or asked of it."""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from workers.cli.options import UNITS, AsJson, Line
from workers.cli.ordering import Asking, Page, TokenFile, Wait, Why, look, order

if TYPE_CHECKING:
    from collections.abc import Sequence


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(epilog="Example: patchline maintenance line1 --until 2h --why 'new lamp'")(maintenance)


def coming(text: str) -> datetime:
    """A moment: a time, such as 2026-01-31T12:00:00Z (without a zone: this machine's), or how far from now,
    such as 90m, 2h or 1d."""
    if text[-1:] in UNITS and text[:-1].isdecimal():
        return datetime.now(UTC) + timedelta(**{UNITS[text[-1]]: int(text[:-1])})
    try:
        parsed = datetime.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter(f"{text!r} is no time: write 2h, 30m or 2026-01-31T12:00:00Z") from error
    return parsed.astimezone(UTC)


def maintenance(
    line: Line,
    begin: Annotated[
        datetime | None,
        typer.Option("--from", metavar="TIME", help="Its beginning; by default now.", parser=coming),
    ] = None,
    until: Annotated[
        datetime | None,
        typer.Option(metavar="TIME", help="Its end: a time, or 90m, 2h, 1d from now.", parser=coming),
    ] = None,
    end: Annotated[
        bool,
        typer.Option("--end", metavar="", help="End it: judge parts again, and forget what was planned."),
    ] = False,
    why: Why = "",
    wait: Wait = 60.0,
    url: Page = None,
    token_file: TokenFile = None,
    as_json: AsJson = False,
) -> None:
    """Judge no part of a line for a time: its frames are stored as faults, and nothing alarms.

    The last word on a moment counts, so a second window moves the first, and --end from one time until
    another leaves a gap. With neither --until nor --end it tells what is planned.
    """
    if until is None and not end:
        if begin is not None:
            raise typer.BadParameter("a window needs its end: give --until")
        _tell(look(f"/v1/lines/{line}/maintenance", url, token_file), as_json=as_json)
        return
    body: dict[str, Any] = {"kind": "SetMaintenance", "why": why}
    body |= {"start": begin.isoformat()} if begin else {}
    body |= {"end": until.isoformat()} if until else {}
    body |= {"off": True} if end else {}
    order(line, body, Asking("the maintenance", f"Telling {line}", url, wait, as_json, token_file))


def _tell(state: dict[str, Any], *, as_json: bool) -> None:
    from workers.cli.screen import answers, note, print_json

    if as_json:
        print_json(state)
        return
    windows: Sequence[dict[str, Any]] = state["windows"]
    for window in windows:
        answers().print(_sentence(window), markup=False, soft_wrap=True)
    if not windows:
        note(f"line {state['line']} is judged, and no maintenance is planned")


def _sentence(window: dict[str, Any]) -> str:
    from workers.cli import words

    start, end = (words.when(datetime.fromisoformat(window[name])) for name in ("start", "end"))
    why = f": {window['why']}" if window["why"] else ""
    return f"not judged from {start} until {end}, by {window['actor']}{why}"
