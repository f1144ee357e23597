"""Sessions: how people stay logged in, by a secret that changes while they work."""

import sqlite3
from dataclasses import dataclass

from service.accounts import users
from service.accounts.principal import Principal
from service.accounts.secret import digest, new_name, new_secret

ROTATE_SECONDS = 900
# Requests that were under way when the secret changed still carry the one before.
OVERLAP_SECONDS = 60
SEEN_EVERY = 60
SELECT = "SELECT id, digest, user, created_at, rotated_at, seen_at FROM sessions"


@dataclass(frozen=True, slots=True)
class Span:
    """How long a session lasts, in seconds: without a request, and in all."""

    idle: int
    whole: int


@dataclass(frozen=True, slots=True)
class Shown:
    """A session as a request shows it. ``stale``: the secret before, past its overlap, so somebody has a copy
    of it; ``rotate``: it is time for a new secret; ``touch``: its last use is worth keeping."""

    id: str
    user: str
    stale: bool = False
    rotate: bool = False
    touch: bool = False


def begin(connection: sqlite3.Connection, user: str, now: int) -> tuple[str, str]:
    """A new session: its id, and its secret."""
    name, secret = new_name(), new_secret()
    connection.execute(
        "INSERT INTO sessions (id, digest, user, created_at, rotated_at, seen_at) VALUES (?, ?, ?, ?, ?, ?)",
        (name, digest(secret), user, now, now, now),
    )
    return name, secret


def shown(connection: sqlite3.Connection, secret: str, span: Span, now: int) -> Shown | None:
    """The session of a secret, while it lasts."""
    mine = digest(secret)
    query = f"{SELECT} WHERE digest = ? OR previous = ?"
    row = connection.execute(query, (mine, mine)).fetchone()
    if row is None:
        return None
    name, current, user, created_at, rotated_at, seen_at = row
    if now - seen_at >= span.idle or now - created_at >= span.whole:
        return None
    age = now - rotated_at
    if current != mine:
        return Shown(name, user, stale=age >= OVERLAP_SECONDS)
    return Shown(name, user, rotate=age >= ROTATE_SECONDS, touch=now - seen_at >= SEEN_EVERY)


def rotate(connection: sqlite3.Connection, name: str, secret: str, now: int) -> str | None:
    """Give the session a new secret in place of this one; None when another request did so already."""
    fresh = new_secret()
    changed = connection.execute(
        "UPDATE sessions SET previous = digest, digest = ?, rotated_at = ?, seen_at = ? "
        "WHERE id = ? AND digest = ?",
        (digest(fresh), now, now, name, digest(secret)),
    )
    return fresh if changed.rowcount else None


def touch(connection: sqlite3.Connection, name: str, now: int) -> None:
    """Keep that it was used."""
    connection.execute("UPDATE sessions SET seen_at = ? WHERE id = ?", (now, name))


def end(connection: sqlite3.Connection, name: str) -> None:
    """End one."""
    connection.execute("DELETE FROM sessions WHERE id = ?", (name,))


def end_of_user(connection: sqlite3.Connection, user: str) -> None:
    """End all of a user."""
    connection.execute("DELETE FROM sessions WHERE user = ?", (user,))


def end_others(connection: sqlite3.Connection, user: str, name: str) -> int:
    """End all of a user but one; answers how many."""
    query = "DELETE FROM sessions WHERE user = ? AND id <> ?"
    return connection.execute(query, (user, name)).rowcount


def sweep(connection: sqlite3.Connection, span: Span, now: int) -> None:
    """Forget those that are over."""
    connection.execute(
        "DELETE FROM sessions WHERE seen_at <= ? OR created_at <= ?", (now - span.idle, now - span.whole)
    )


def still(connection: sqlite3.Connection, name: str, span: Span, now: int) -> Principal | None:
    """Who holds the session of that id, while it lasts."""
    query = "SELECT user FROM sessions WHERE id = ? AND seen_at > ? AND created_at > ?"
    row = connection.execute(query, (name, now - span.idle, now - span.whole)).fetchone()
    return holder(connection, name, row[0]) if row else None


def holder(connection: sqlite3.Connection, name: str, user: str) -> Principal | None:
    """Whose session it is, with the role that the user has now."""
    found = users.find(connection, user)
    return Principal(found.name, found.role, "session", name) if found else None
