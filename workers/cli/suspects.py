"""The options about parts that look unlike the others, and about pictures of one part."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from service.training.part import GoodPart
    from service.training.suspects import Screened

MOST_BYTES = 2**24

SuspectsFolder = Annotated[
    Path | None, typer.Option("--suspects", metavar="DIR", help="Write pictures of suspicious parts there.")
]
ExcludeSuspects = Annotated[
    bool, typer.Option("--exclude-suspects", metavar="", help="Leave parts unlike the others out.")
]
PartsTable = Annotated[
    Path | None,
    typer.Option("--parts", metavar="FILE", help="CSV with file,part_id: which pictures show one part."),
]


def with_ids(parts: "list[GoodPart]", table: Path | None) -> "list[GoodPart]":
    """The parts with the table's ids. Raises ``Refused`` or ``TrainingRefused``."""
    from service.training.part_ids import identified, read_table

    return parts if table is None else identified(parts, read_table(_text(table)))


def show_suspects(screened: "Screened", folder: Path | None, *, exclude: bool, quiet: bool) -> None:
    """Say which parts look unlike the others, and draw them."""
    from workers.cli.screen import note

    for suspect in screened.suspects:
        if folder is not None:
            _write(folder, f"{suspect.name}.suspect.png", screened.drawing(suspect))
        if not quiet:
            fate = "left out" if exclude else "kept; --exclude-suspects leaves it out"
            note(f"suspicious: {suspect.name} looks unlike the other parts (p {suspect.p_value:.1g}), {fate}")


def suspect_facts(screened: "Screened") -> list[dict[str, Any]]:
    """The suspects for machines."""
    return [{"name": suspect.name, "p_value": suspect.p_value} for suspect in screened.suspects]


def _text(path: Path) -> str:
    from workers.cli.failures import Refused

    try:
        if path.stat().st_size > MOST_BYTES:
            raise Refused(f"table {path} is larger than {MOST_BYTES} bytes: name the parts' table")
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Refused(f"table {path} cannot be read ({error}): name a CSV file in UTF-8") from error


def _write(folder: Path, name: str, data: bytes) -> None:
    from workers.cli.failures import Refused

    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    except OSError as error:
        raise Refused(f"{folder} takes no pictures ({error.strerror}): name another folder") from error
