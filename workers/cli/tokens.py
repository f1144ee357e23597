"""``patchline tokens``: how machines come in, each in a user's name."""

import os
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from workers.cli.options import AsJson, line_id

if TYPE_CHECKING:
    from service.accounts.tokens import Token

_DAY_SECONDS = 86_400
_NEW = "Example: patchline tokens new plc-hall2 --user plc --role viewer --days 365 --out plc.token"


def register(app: typer.Typer) -> None:
    """Add the group."""
    group = typer.Typer(no_args_is_help=True, help="Tokens for machines: make, list and revoke them.")
    group.command(epilog=_NEW)(new)
    group.command("list", epilog="Example: patchline tokens list")(listed)
    group.command(epilog="Example: patchline tokens revoke 0f3a9c2be41d7705")(revoke)
    app.add_typer(group, name="tokens", epilog=_NEW)


def new(
    label: Annotated[str, typer.Argument(metavar="LABEL", help="What it is for, in a word.")],
    user: Annotated[str, typer.Option(metavar="NAME", help="In whose name it acts.")],
    role: Annotated[
        Literal["viewer", "operator", "engineer"],
        typer.Option(help="What it may do: at most what its user may."),
    ] = "viewer",
    days: Annotated[int, typer.Option(min=1, max=3650, help="After so many days it expires.")] = 90,
    line: Annotated[
        list[str] | None,
        typer.Option(metavar="LINE", parser=line_id, help="Only for this line; give it again for more."),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Write it to a new file that only you may read, not to the screen."
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Make a token. It is shown this once; only its hash is kept."""
    from service.accounts.roles import Role
    from service.accounts.tokens import Wish
    from workers.cli.local_accounts import accounts, by
    from workers.cli.screen import answers, note, print_json

    until = int(time.time()) + days * _DAY_SECONDS
    lines = frozenset(line) if line else None
    made, text = accounts().new_token(Wish(user, Role(role), label, until, lines), by())
    if out is not None:
        _keep(text, out)
    if as_json:
        print_json({**_row(made), **({"file": str(out)} if out else {"token": text})})
        return
    note(f"token {made.id}: {made.role.value} for {made.user}, until {_day(made.expires_at)}")
    answers().print(str(out) if out else text, markup=False, soft_wrap=True)


def listed(as_json: AsJson = False) -> None:
    """Every token, without its secret."""
    from workers.cli.local_accounts import accounts
    from workers.cli.screen import answers, print_json

    rows = [_row(token) for token in accounts().tokens()]
    if as_json:
        print_json({"tokens": rows})
        return
    for row in rows:
        lines = f"  {', '.join(row['lines'])} only" if row["lines"] else ""
        answers().print(
            f"{row['id']}  {row['state']:8} {row['role']:9} {row['user']:16} until {row['expires_at'][:10]}  "
            f"{row['label']}{lines}",
            markup=False,
        )


def revoke(
    token: Annotated[str, typer.Argument(metavar="ID", help="As `patchline tokens list` shows it.")],
    as_json: AsJson = False,
) -> None:
    """End a token at once."""
    from workers.cli.local_accounts import accounts, by
    from workers.cli.screen import answers, print_json

    ended = accounts().revoke_token(token, by())
    if as_json:
        print_json(_row(ended))
    else:
        answers().print(f"token {ended.id} of {ended.user} revoked", markup=False)


def _keep(text: str, out: Path) -> None:
    with os.fdopen(os.open(out, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
        file.write(text + "\n")


def _row(token: "Token") -> dict[str, Any]:
    return {
        "id": token.id,
        "user": token.user,
        "role": token.role.value,
        "label": token.label,
        "lines": sorted(token.lines) if token.lines is not None else None,
        "state": token.state(int(time.time())),
        "expires_at": datetime.fromtimestamp(token.expires_at, UTC).isoformat(),
    }


def _day(moment: int) -> str:
    return datetime.fromtimestamp(moment, UTC).date().isoformat()
