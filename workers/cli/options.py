"""Arguments and options that several commands share."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def line_id(text: str) -> str:
    """A line's id as given; refused when it breaks the rule."""
    from schemas.ids import is_line_id

    if not is_line_id(text):
        raise typer.BadParameter(f"{text!r} is no id: it is [a-z0-9][a-z0-9-]{{0,62}}, such as line1")
    return text


def moment(text: str) -> datetime:
    """A moment: a time with zone, such as 2026-01-31T12:00:00Z, or how long ago, such as 90m, 2h or 1d."""
    if text[-1:] in UNITS and text[:-1].isdecimal():
        return datetime.now(UTC) - timedelta(**{UNITS[text[-1]]: int(text[:-1])})
    try:
        parsed = datetime.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter(f"{text!r} is no time: write 2h, 30m or 2026-01-31T12:00:00Z") from error
    return parsed.astimezone(UTC)


Line = Annotated[str, typer.Argument(metavar="LINE", help="The line's id.", parser=line_id)]
AsJson = Annotated[
    bool, typer.Option("--json", metavar="", help="One JSON document on standard output, for machines.")
]
Since = Annotated[
    datetime | None,
    typer.Option(metavar="TIME", parser=moment, help="Only since: 2h, 30m, 2026-01-31T12:00:00Z."),
]
Limit = Annotated[int, typer.Option(metavar="COUNT", min=1, help="At most so many.")]
DryRun = Annotated[bool, typer.Option("--dry-run", metavar="", help="Only say which they would be.")]
OfLine = Annotated[
    str | None, typer.Option("--line", metavar="LINE", help="Only of this line.", parser=line_id)
]
OnlyIds = Annotated[list[str] | None, typer.Argument(metavar="[ID]...", help="Only these, from the list.")]
Folder = Annotated[Path, typer.Argument(metavar="DIR", help="A folder of pictures.")]
