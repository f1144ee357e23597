"""``patchline confirm-defect``: a part that is defective, kept as a canary that must go on alarming."""

from typing import Annotated

import typer

from workers.cli.options import AsJson, Line
from workers.cli.ordering import Asking, Page, TokenFile, Wait, Why, order


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("confirm-defect", epilog="Example: patchline confirm-defect line1 part-007.png --why crack")(
        confirm_defect
    )


def confirm_defect(
    line: Line,
    frame: Annotated[str, typer.Argument(metavar="FRAME", help="A frame id, or a frame_uid.")],
    why: Why = "",
    wait: Wait = 60.0,
    url: Page = None,
    token_file: TokenFile = None,
    as_json: AsJson = False,
) -> None:
    """Confirm that a part is defective: no bank that would let it pass is put in force from now on."""
    body = {"kind": "ConfirmDefect", "frame": frame, "why": why}
    order(
        line, body, Asking("the confirmation", f"Keeping {frame} as a canary", url, wait, as_json, token_file)
    )
