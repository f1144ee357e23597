"""``patchline approve``: parts that are good, told to the page's API, and what became of it."""

from typing import Annotated

import typer

from workers.cli.options import AsJson, Line
from workers.cli.ordering import Asking, Page, TokenFile, Wait, Why, ask


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(epilog="Example: patchline approve line1 part-007.png --why 'reflection, not a scratch'")(
        approve
    )


def approve(
    line: Line,
    frame_ids: Annotated[
        list[str], typer.Argument(metavar="FRAME_ID...", help="Frame ids, or frame_uids as verdicts carry.")
    ],
    why: Why = "",
    audit: Annotated[
        bool,
        typer.Option(
            "--audit",
            metavar="",
            help="The frames were drawn at random from all that the line saw: their scores may calibrate.",
        ),
    ] = False,
    wait: Wait = 120.0,
    url: Page = None,
    token_file: TokenFile = None,
    as_json: AsJson = False,
) -> None:
    """Approve parts as good: the line's bank learns them, and the command waits until it is in force."""
    body = {"frames": frame_ids, "why": why} | ({"audit": True} if audit else {})
    ask(line, "approvals", body, Asking("the approval", f"Teaching {line}", url, wait, as_json, token_file))
