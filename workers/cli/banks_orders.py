"""``patchline banks rebuild | remove-part | rollback | activate | retire-canary``: what changes a bank."""

from typing import Annotated, Any

import typer

from workers.cli.options import AsJson, Line, line_id
from workers.cli.ordering import Asking, Page, TokenFile, Wait, Why, order

# A rebuild selects from every part's features: minutes for a large bank.
_LONG = 1800.0
_SHORT = 60.0
Model = Annotated[
    str | None,
    typer.Option(metavar="NAME", help="The product; by default the one in force.", parser=line_id),
]


def register(group: typer.Typer) -> None:
    """Add the commands to the group ``banks``."""
    group.command(epilog="Example: patchline banks rebuild line1")(rebuild)
    group.command("remove-part", epilog="Example: patchline banks remove-part line1 part-007.png")(
        remove_part
    )
    group.command(epilog="Example: patchline banks rollback line1 --to 3")(rollback)
    group.command(epilog="Example: patchline banks activate line1 --model lid")(activate)
    group.command("retire-canary", epilog="Example: patchline banks retire-canary line1 part-007.png")(
        retire_canary
    )


def rebuild(
    line: Line,
    model: Model = None,
    why: Why = "",
    wait: Wait = _LONG,
    url: Page = None,
    token_file: TokenFile = None,
    as_json: AsJson = False,
) -> None:
    """Select the bank again from all its parts, and put it in force once it passes the gates."""
    body = {"kind": "Rebuild", **_given(model=model), "why": why}
    order(line, body, Asking("the rebuild", f"Building {line} again", url, wait, as_json, token_file))


def remove_part(
    line: Line,
    part: Annotated[
        str,
        typer.Argument(metavar="PART", help="The part: its name, its part id, or its sha256's beginning."),
    ],
    model: Model = None,
    why: Why = "",
    wait: Wait = _LONG,
    url: Page = None,
    token_file: TokenFile = None,
    as_json: AsJson = False,
) -> None:
    """Unlearn a part: the bank is built again as if it had never had it."""
    from workers.cli.bank_parts import find_part

    found = find_part(line, model, part)
    body = {"kind": "RemovePart", "model": found.model, "part": found.entry.sha256, "why": why}
    order(
        line, body, Asking("the removal", f"Building {line} without {part}", url, wait, as_json, token_file)
    )


def rollback(
    line: Line,
    to: Annotated[
        int | None,
        typer.Option(metavar="EPOCH", min=1, help="An earlier epoch; by default the last with another bank."),
    ] = None,
    why: Why = "",
    wait: Wait = _SHORT,
    url: Page = None,
    token_file: TokenFile = None,
    as_json: AsJson = False,
) -> None:
    """Put the bank of an earlier epoch in force again, as a new epoch."""
    body = {"kind": "Rollback", **_given(to_epoch=to), "why": why}
    order(line, body, Asking("the rollback", f"Going back on {line}", url, wait, as_json, token_file))


def activate(
    line: Line,
    model: Annotated[str, typer.Option(metavar="NAME", help="The product.", parser=line_id)],
    version: Annotated[
        str | None, typer.Option(metavar="SHA256", help="A published version; by default the newest.")
    ] = None,
    why: Why = "",
    wait: Wait = _SHORT,
    url: Page = None,
    token_file: TokenFile = None,
    as_json: AsJson = False,
) -> None:
    """Put a published bank in force, such as that of another product: within seconds, without a restart."""
    from workers.cli.bank_parts import whole_version

    full = None if version is None else whole_version(line, model, version)
    body = {"kind": "Activate", "model": model, **_given(version=full), "why": why}
    order(
        line,
        body,
        Asking("the activation", f"Putting {model} in force on {line}", url, wait, as_json, token_file),
    )


def retire_canary(
    line: Line,
    frame: Annotated[str, typer.Argument(metavar="FRAME", help="The canary's frame_uid, or its frame id.")],
    why: Why = "",
    wait: Wait = _SHORT,
    url: Page = None,
    token_file: TokenFile = None,
    as_json: AsJson = False,
) -> None:
    """Let a canary go: banks that no longer alarm on it may be put in force."""
    body = {"kind": "RetireCanary", "frame": frame, "why": why}
    order(line, body, Asking("the retirement", f"Letting {frame} go", url, wait, as_json, token_file))


def _given(**options: Any) -> dict[str, Any]:
    return {name: value for name, value in options.items() if value is not None}
