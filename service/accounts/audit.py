"""The record of who did what to accounts, and who was refused. Rows are added, never changed away."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from schemas.reasons import Worded

# A refusal like the newest one of its kind, within so many seconds, is counted in its row: an attacker
# must not fill the disk.
TOGETHER_SECONDS = 60
LONGEST = 500
SELECT = "SELECT id, at, actor, action, subject, detail, address, times FROM audit"


class Action(Worded):
    """What the accounts file's audit tells of."""

    USER_ADDED = "user-added", "A user was added."
    USER_CHANGED = "user-changed", "A user got another role or password."
    USER_REMOVED = "user-removed", "A user was removed, with sessions and tokens."
    TOKEN_MADE = "token-made", "A token was made."
    TOKEN_REVOKED = "token-revoked", "A token was revoked."
    LOGGED_IN = "logged-in", "A user logged in."
    LOGGED_OUT = "logged-out", "A user logged out."
    SESSION_ENDED = "session-ended", "A session was ended: a secret that it no longer had was shown."
    LOG_IN_FAILED = "log-in-failed", "A log-in with a wrong name or password."
    LOG_IN_THROTTLED = "log-in-throttled", "A log-in that was not tried: too many had failed."
    PASSWORD_REFUSED = "password-refused", "A user's change of their own password, with a wrong old one."
    CHANGED = "changed", "A change that the API took: of a line, of its alerts, of dead letters."
    NOT_ADMITTED = "not-admitted", "A request without a valid session or token."
    ROLE_REFUSED = "role-refused", "A request that needs a higher role, or another line."
    FORGERY_REFUSED = "forgery-refused", "A change with a session's cookie that did not come from the page."


REFUSALS = frozenset(
    {
        Action.LOG_IN_FAILED,
        Action.LOG_IN_THROTTLED,
        Action.PASSWORD_REFUSED,
        Action.NOT_ADMITTED,
        Action.ROLE_REFUSED,
        Action.FORGERY_REFUSED,
    }
)


@dataclass(frozen=True, slots=True)
class Deed:
    """Who did what, to whom or what, from where."""

    action: Action
    actor: str
    subject: str = ""
    detail: str = ""
    address: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """A row. ``times``: how often a refusal like it was repeated within its minute."""

    id: int
    at: int
    deed: Deed
    times: int


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which rows a list holds; None is all. ``before`` is the id of the last row that was seen."""

    actor: str | None = None
    action: Action | None = None
    before: int | None = None


def write(connection: sqlite3.Connection, deed: Deed, now: int) -> None:
    """Keep it."""
    row = (
        deed.actor[:LONGEST],
        deed.action.value,
        deed.subject[:LONGEST],
        deed.detail[:LONGEST],
        deed.address[:LONGEST],
    )
    if deed.action in REFUSALS and _counted(connection, deed, now):
        return
    connection.execute(
        "INSERT INTO audit (at, actor, action, subject, detail, address, times) VALUES (?, ?, ?, ?, ?, ?, 1)",
        (now, *row),
    )


def newest(connection: sqlite3.Connection, wanted: Wanted, limit: int) -> Sequence[Entry]:
    """The rows that are meant, newest first."""
    query = (
        f"{SELECT} WHERE id < ? AND (? IS NULL OR actor = ?) AND (? IS NULL OR action = ?) "
        "ORDER BY id DESC LIMIT ?"
    )
    action = wanted.action.value if wanted.action else None
    values = (wanted.before or 2**62, wanted.actor, wanted.actor, action, action, limit)
    return [_entry(row) for row in connection.execute(query, values)]


def _counted(connection: sqlite3.Connection, deed: Deed, now: int) -> bool:
    query = (
        "UPDATE audit SET times = times + 1 WHERE id = ("
        "SELECT id FROM audit WHERE action = ? AND actor = ? AND address = ? AND at > ? "
        "ORDER BY id DESC LIMIT 1)"
    )
    alike = (deed.action.value, deed.actor[:LONGEST], deed.address[:LONGEST], now - TOGETHER_SECONDS)
    return connection.execute(query, alike).rowcount > 0


def _entry(row: tuple[int, int, str, str, str, str, str, int]) -> Entry:
    row_id, at, actor, action, subject, detail, address, times = row
    return Entry(row_id, at, Deed(Action(action), actor, subject, detail, address), times)
