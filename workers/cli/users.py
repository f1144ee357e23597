"""``patchline users``: who may use the page, and what they may do there."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from workers.cli.options import AsJson

if TYPE_CHECKING:
    from service.accounts.users import User

_ADD = "Example: patchline users add anna --role operator"
Name = Annotated[str, typer.Argument(metavar="NAME", help="The user's name, such as anna.")]
RoleOption = Annotated[
    Literal["viewer", "operator", "engineer"],
    typer.Option(
        "--role", help="viewer: looks; operator: answers too; engineer: changes banks, thresholds, users too."
    ),
]
PasswordFile = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE", help="A file with the password on its first line; by default it is asked for."
    ),
]


def register(app: typer.Typer) -> None:
    """Add the group."""
    group = typer.Typer(
        no_args_is_help=True, help="Users of the page: add and remove them, change roles and passwords."
    )
    group.command(epilog=_ADD)(add)
    group.command("list", epilog="Example: patchline users list")(listed)
    group.command(epilog="Example: patchline users remove anna")(remove)
    group.command(epilog="Example: patchline users role anna --role engineer")(role)
    group.command(epilog="Example: patchline users password anna")(password)
    app.add_typer(group, name="users", epilog=_ADD)


def add(
    name: Name,
    to: RoleOption,
    password_file: PasswordFile = None,
    no_password: Annotated[
        bool, typer.Option("--no-password", metavar="", help="A machine: it cannot log in, only have tokens.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Add a user. From the first on, nobody sees the page without logging in or a token."""
    from service.accounts.roles import Role
    from workers.cli.local_accounts import accounts, by

    if no_password and password_file is not None:
        raise typer.BadParameter("--no-password and --password-file exclude each other")
    secret = None if no_password else _password(password_file)
    _tell(accounts().add_user(name, Role(to), secret, by()), "added", as_json=as_json)


def listed(as_json: AsJson = False) -> None:
    """Every user, with role."""
    from workers.cli.local_accounts import accounts
    from workers.cli.screen import answers, note, print_json

    users = accounts().users()
    if as_json:
        print_json({"users": [_row(user) for user in users]})
        return
    for user in users:
        machine = "" if user.password else "  no password"
        answers().print(f"{user.name:24} {user.role.value:9}{machine}", markup=False)
    if not users:
        note("no users yet: the page answers this machine only, and allows everything")


def remove(name: Name, as_json: AsJson = False) -> None:
    """Remove a user at once, with all sessions and tokens. What they did stays in the history."""
    from workers.cli.local_accounts import accounts, by
    from workers.cli.screen import answers, print_json

    accounts().remove_user(name, by())
    if as_json:
        print_json({"name": name, "removed": True})
    else:
        answers().print(f"{name} removed", markup=False)


def role(name: Name, to: RoleOption, as_json: AsJson = False) -> None:
    """Give a user another role, from the next request on."""
    from service.accounts.roles import Role
    from workers.cli.local_accounts import accounts, by

    _tell(accounts().set_role(name, Role(to), by()), "changed", as_json=as_json)


def password(name: Name, password_file: PasswordFile = None, as_json: AsJson = False) -> None:
    """Give a user another password; all sessions of the user end."""
    from workers.cli.local_accounts import accounts, by

    _tell(accounts().set_password(name, _password(password_file), by()), "changed", as_json=as_json)


def _password(file: Path | None) -> str:
    """Never an argument: those stand in the shell's history and in the list of processes."""
    if file is not None:
        return (file.read_text().splitlines() or [""])[0]
    return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True))


def _tell(user: "User", what: str, *, as_json: bool) -> None:
    from workers.cli.screen import answers, print_json

    if as_json:
        print_json(_row(user))
    else:
        answers().print(f"{user.name} {what}: {user.role.value}", markup=False)


def _row(user: "User") -> dict[str, Any]:
    return {"name": user.name, "role": user.role.value, "has_password": user.password is not None}
