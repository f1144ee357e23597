"""Tokens: how machines come in, each in a user's name, with at most that user's role, until a day."""

import json
import re
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from service.accounts import users
from service.accounts.principal import Principal
from service.accounts.refusal import AccountRefused, UnknownAccount
from service.accounts.roles import Role, lesser
from service.accounts.secret import digest, new_name, new_secret

PREFIX = "patchline_"
SHAPE = re.compile(PREFIX + r"([0-9a-f]{16})_([A-Za-z0-9_-]{43})")
SELECT = "SELECT id, user, role, label, lines, created_at, expires_at, revoked_at, used_at FROM tokens"
# Seconds: when a token was last used is for people, and not worth a write for each request.
USED_EVERY = 3600


@dataclass(frozen=True, slots=True)
class Token:
    """A token, without its secret. ``lines``: the only ones that it may ask of; None for all."""

    id: str
    user: str
    role: Role
    label: str
    lines: frozenset[str] | None
    created_at: int
    expires_at: int
    revoked_at: int | None
    used_at: int | None

    def state(self, now: int) -> str:
        """``valid``, ``expired`` or ``revoked``."""
        if self.revoked_at is not None:
            return "revoked"
        return "expired" if now >= self.expires_at else "valid"


@dataclass(frozen=True, slots=True)
class Wish:
    """What a new token shall be."""

    user: str
    role: Role
    label: str
    expires_at: int
    lines: frozenset[str] | None = None


def new(connection: sqlite3.Connection, wish: Wish, now: int) -> tuple[Token, str]:
    """Make one; answers it, and the text to show once. Raises ``UnknownAccount`` for its user,
    ``AccountRefused`` for a role above the user's, or a day that has passed."""
    owner = users.known(connection, wish.user)
    if not owner.role.may_act_as(wish.role):
        raise AccountRefused(
            f"{owner.name} is {owner.role.value}, so a token cannot be {wish.role.value}: "
            "ask for a lesser role"
        )
    if wish.expires_at <= now:
        raise AccountRefused("the token would have expired already: choose a later day")
    name, secret = new_name(), new_secret()
    text = f"{PREFIX}{name}_{secret}"
    lines = None if wish.lines is None else json.dumps(sorted(wish.lines))
    row = (name, digest(text), wish.user, wish.role.value, wish.label, lines, now, wish.expires_at)
    connection.execute(
        "INSERT INTO tokens (id, digest, user, role, label, lines, created_at, expires_at) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        row,
    )
    return known(connection, name), text


def listed(connection: sqlite3.Connection) -> Sequence[Token]:
    """All, newest first."""
    query = f"{SELECT} ORDER BY created_at DESC, id"
    return [_token(row) for row in connection.execute(query)]


def known(connection: sqlite3.Connection, name: str) -> Token:
    """The token of that id; raises ``UnknownAccount``."""
    row = connection.execute(f"{SELECT} WHERE id = ?", (name,)).fetchone()
    if row is None:
        raise UnknownAccount(f"there is no token {name[:32]!r}: see `patchline tokens list`")
    return _token(row)


def revoke(connection: sqlite3.Connection, name: str, now: int) -> Token:
    """End it at once; one that was revoked stays so. Raises ``UnknownAccount``."""
    known(connection, name)
    connection.execute("UPDATE tokens SET revoked_at = COALESCE(revoked_at, ?) WHERE id = ?", (now, name))
    return known(connection, name)


def holder(connection: sqlite3.Connection, text: str, now: int) -> Principal | None:
    """Who shows this text; None for one that is no valid token."""
    shaped = SHAPE.fullmatch(text)
    if shaped is None:
        return None
    query = f"{SELECT} WHERE id = ? AND digest = ?"
    row = connection.execute(query, (shaped[1], digest(text))).fetchone()
    token = _token(row) if row else None
    return _principal(connection, token, now) if token else None


def still(connection: sqlite3.Connection, name: str, now: int) -> Principal | None:
    """Who holds the token of that id, while it is valid."""
    row = connection.execute(f"{SELECT} WHERE id = ?", (name,)).fetchone()
    return _principal(connection, _token(row), now) if row else None


def note_use(connection: sqlite3.Connection, name: str, now: int) -> None:
    """Keep when it was last used."""
    connection.execute("UPDATE tokens SET used_at = ? WHERE id = ?", (now, name))


def use_is_news(connection: sqlite3.Connection, name: str, now: int) -> bool:
    """Whether the last use that is kept is long ago."""
    used_at = known(connection, name).used_at
    return used_at is None or now - used_at >= USED_EVERY


def _principal(connection: sqlite3.Connection, token: Token, now: int) -> Principal | None:
    owner = users.find(connection, token.user)
    if owner is None or token.state(now) != "valid":
        return None
    return Principal(owner.name, lesser(token.role, owner.role), "token", token.id, token.lines)


def _token(row: Sequence[object]) -> Token:
    name, user, role, label, lines, *times = row
    only = None if lines is None else frozenset(json.loads(str(lines)))
    return Token(str(name), str(user), Role(str(role)), str(label), only, *times)  # type: ignore[arg-type]
