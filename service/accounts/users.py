"""Users of the accounts file."""

import re
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from service.accounts.refusal import AccountRefused, StaleChange, UnknownAccount
from service.accounts.roles import Role

# Lower case only: Anna and anna must not be two persons.
NAME = re.compile(r"[a-z0-9][a-z0-9._@-]{0,63}")
NAME_PATTERN = f"^{NAME.pattern}$"
SELECT = "SELECT name, role, password, created_at, revision FROM users"


@dataclass(frozen=True, slots=True)
class User:
    """A user. ``password`` is its hash; None for a machine, which has tokens only. ``revision`` grows with
    each change."""

    name: str
    role: Role
    password: str | None
    created_at: int
    revision: int


def listed(connection: sqlite3.Connection) -> Sequence[User]:
    """All, by name."""
    return [_user(row) for row in connection.execute(f"{SELECT} ORDER BY name")]


def any_there(connection: sqlite3.Connection) -> bool:
    """Whether there is one."""
    return connection.execute("SELECT 1 FROM users LIMIT 1").fetchone() is not None


def find(connection: sqlite3.Connection, name: str) -> User | None:
    """One of that name."""
    row = connection.execute(f"{SELECT} WHERE name = ?", (name,)).fetchone()
    return _user(row) if row else None


def known(connection: sqlite3.Connection, name: str) -> User:
    """One of that name; raises ``UnknownAccount``."""
    user = find(connection, name)
    if user is None:
        raise unknown(name)
    return user


def unknown(name: str) -> UnknownAccount:
    """What to say of a name that no user has."""
    return UnknownAccount(f"there is no user {name[:64]!r}: see `patchline users list`")


def add(connection: sqlite3.Connection, user: User) -> None:
    """Keep a new one. Raises ``AccountRefused`` for a name that is taken or is none, and for a first user
    who could not make others."""
    if not NAME.fullmatch(user.name):
        raise AccountRefused(
            f"{user.name[:64]!r} is no user's name: it is {NAME.pattern}, such as anna or line1-plc"
        )
    if find(connection, user.name):
        raise AccountRefused(f"there is a user {user.name} already: choose another name, or change this one")
    if not any_there(connection) and (user.role is not Role.ENGINEER or user.password is None):
        raise AccountRefused(
            "the first user must be an engineer with a password, or nobody could add others on the page: "
            "add one with --role engineer"
        )
    row = (user.name, user.role.value, user.password, user.created_at, user.revision)
    connection.execute("INSERT INTO users VALUES (?, ?, ?, ?, ?)", row)


def change(
    connection: sqlite3.Connection,
    name: str,
    *,
    role: Role | None = None,
    password: str | None = None,
    revision: int | None = None,
) -> User:
    """Give it another role or password (its hash); answers what it was. Raises ``UnknownAccount``,
    ``StaleChange`` for another revision than it has, ``AccountRefused`` where no engineer would be left."""
    before = known(connection, name)
    _require_revision(before, revision)
    if role is not None and role is not Role.ENGINEER:
        _require_another_engineer(connection, before)
    connection.execute(
        "UPDATE users SET role = ?, password = ?, revision = revision + 1 WHERE name = ?",
        ((role or before.role).value, password or before.password, name),
    )
    return before


def remove(connection: sqlite3.Connection, name: str, *, revision: int | None = None) -> User:
    """Forget it, with its sessions and tokens; answers what it was. Raises as ``change``."""
    before = known(connection, name)
    _require_revision(before, revision)
    _require_another_engineer(connection, before)
    for table, column in (("users", "name"), ("sessions", "user"), ("tokens", "user")):
        connection.execute(f"DELETE FROM {table} WHERE {column} = ?", (name,))  # noqa: S608 - names of ours
    return before


def _require_revision(user: User, revision: int | None) -> None:
    if revision is not None and revision != user.revision:
        raise StaleChange(f"user {user.name} was changed meanwhile: look at it again, then change it")


def _require_another_engineer(connection: sqlite3.Connection, user: User) -> None:
    """Without one, nobody could let anybody in, and an empty file must never open the page to all."""
    query = "SELECT 1 FROM users WHERE role = ? AND password IS NOT NULL AND name <> ? LIMIT 1"
    if user.role is Role.ENGINEER and not connection.execute(query, (Role.ENGINEER, user.name)).fetchone():
        raise AccountRefused(f"{user.name} is the last engineer: make somebody else one first")


def _user(row: Sequence[object]) -> User:
    name, role, password, created_at, revision = row
    return User(str(name), Role(str(role)), password, created_at, revision)  # type: ignore[arg-type]
