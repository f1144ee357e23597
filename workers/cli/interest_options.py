"""The options that say where on a picture to look: a region of interest and a mask."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from service.images.interest import Interest

MOST_BYTES = 2**20

Roi = Annotated[
    str | None,
    typer.Option(
        metavar="X,Y,W,H", help="Look at this rectangle only: pixels, or fractions where none is above 1."
    ),
]
MaskPath = Annotated[
    Path | None, typer.Option(metavar="FILE", help="JSON with polygons to look at or to ignore.")
]


def interest_of(roi: str | None, mask: Path | None) -> "Interest":
    """Raises ValueError or Refused, one sentence. Blocks for reading a small file."""
    from service.images.interest import Interest

    return Interest.read(roi, None if mask is None else _read(mask))


def _read(path: Path) -> bytes:
    from workers.cli.failures import Refused

    try:
        if path.stat().st_size > MOST_BYTES:
            raise Refused(f"mask {path} is larger than {MOST_BYTES} bytes: give polygons of fewer points")
        return path.read_bytes()
    except OSError as error:
        raise Refused(f"mask {path} cannot be read ({error.strerror}): name a JSON file") from error
