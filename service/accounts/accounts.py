"""The accounts as programs use them: each change with its row in the audit, in one transaction.

Nothing here is asynchronous: a page calls it from a thread. Raises ``AccountsError`` wherever the file
cannot be used.
"""

import sqlite3
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from service.accounts import audit, passwords, sessions, tokens, users
from service.accounts.audit import Action, Deed, Entry, Wanted
from service.accounts.database import Database
from service.accounts.principal import Principal
from service.accounts.refusal import AccountRefused, WrongPassword
from service.accounts.roles import Role
from service.accounts.sessions import Span
from service.accounts.tokens import Token, Wish
from service.accounts.users import User


@dataclass(frozen=True, slots=True)
class Admission:
    """Who a session lets in; ``secret`` is what the browser shall show from now on, when it changed."""

    principal: Principal
    secret: str | None = None


@dataclass(frozen=True, slots=True)
class By:
    """Who makes a change, and from where."""

    actor: str
    address: str = ""


class Accounts:
    """The file at a path. ``span`` is how long sessions last."""

    def __init__(self, path: Path, span: Span, clock: Callable[[], float] = time.time) -> None:
        self._database = Database(path)
        self._span = span
        self._clock = clock
        self._had_users = False

    def configured(self) -> bool:
        """Whether there are users, or were any since this program began: a file that is deleted must not
        open the page to everybody."""
        if not self._had_users:
            with self._database.reading() as connection:
                self._had_users = connection is not None and users.any_there(connection)
        return self._had_users

    def close(self) -> None:
        """Let the file go."""
        self._database.close()

    def users(self) -> Sequence[User]:
        """All users, by name."""
        with self._database.reading() as connection:
            return users.listed(connection) if connection else ()

    def user(self, name: str) -> User | None:
        """The user of that name."""
        with self._database.reading() as connection:
            return users.find(connection, name) if connection else None

    def known_user(self, name: str) -> User:
        """The user of that name. Raises ``UnknownAccount``."""
        found = self.user(name)
        if found is None:
            raise users.unknown(name)
        return found

    def add_user(self, name: str, role: Role, password: str | None, by: By) -> User:
        """Add a user; without a password it is a machine, for tokens. Raises ``AccountRefused``."""
        kept = None if password is None else passwords.hashed(password, name)
        user = User(name, role, kept, self._now(), 1)
        with self._database.writing() as connection:
            users.add(connection, user)
            self._note(connection, by, Action.USER_ADDED, name, role.value)
        return user

    def change_user(
        self, name: str, role: Role | None, password: str | None, by: By, revision: int | None = None
    ) -> User:
        """Give another role, from the next request on, or another password, which ends all the user's
        sessions; None leaves it. Raises as ``users.change`` and ``passwords.hashed``."""
        kept = None if password is None else passwords.hashed(password, name)
        with self._database.writing() as connection:
            before = users.change(connection, name, role=role, password=kept, revision=revision)
            if kept is not None:
                sessions.end_of_user(connection, name)
            changes = [f"{before.role.value} to {role.value}"] if role is not None else []
            changes += ["another password"] if kept is not None else []
            self._note(connection, by, Action.USER_CHANGED, name, ", ".join(changes))
            return users.known(connection, name)

    def set_role(self, name: str, role: Role, by: By, revision: int | None = None) -> User:
        """As ``change_user``."""
        return self.change_user(name, role, None, by, revision)

    def set_password(self, name: str, password: str, by: By, revision: int | None = None) -> User:
        """As ``change_user``."""
        return self.change_user(name, None, password, by, revision)

    def change_own_password(
        self, principal: Principal, old: str, new: str, address: str, secret: str
    ) -> str | None:
        """Give the user of a session another password for the old one. Ends the user's other sessions, and
        answers the secret that replaces this one's, None where another request just replaced it. Takes a
        tenth of a second. Raises ``WrongPassword``, ``StaleChange``, or as ``passwords.hashed``."""
        by, name = By(principal.name, address), principal.name
        before = self.known_user(name)
        if not passwords.matches(before.password, old):
            self.note(Deed(Action.PASSWORD_REFUSED, name, name, "the old one is wrong", address))
            raise WrongPassword("the old password is wrong: try again, or ask an engineer for a new one")
        if new == old:
            raise AccountRefused("the new password is the old one: choose another")
        kept = passwords.hashed(new, name)
        with self._database.writing() as connection:
            users.change(connection, name, password=kept, revision=before.revision)
            ended = sessions.end_others(connection, name, principal.key)
            self._note(
                connection, by, Action.USER_CHANGED, name, f"own password, {ended} other sessions ended"
            )
            return sessions.rotate(connection, principal.key, secret, self._now())

    def remove_user(self, name: str, by: By, revision: int | None = None) -> None:
        """Remove a user, with sessions and tokens. Raises as ``users.remove``."""
        with self._database.writing() as connection:
            before = users.remove(connection, name, revision=revision)
            self._note(connection, by, Action.USER_REMOVED, name, before.role.value)

    def tokens(self) -> Sequence[Token]:
        """All tokens, newest first."""
        with self._database.reading() as connection:
            return tokens.listed(connection) if connection else ()

    def new_token(self, wish: Wish, by: By) -> tuple[Token, str]:
        """Make a token; answers it, and the text that is shown once. Raises as ``tokens.new``."""
        with self._database.writing() as connection:
            made, text = tokens.new(connection, wish, self._now())
            detail = f"{made.role.value} for {made.user}, {made.label}"
            self._note(connection, by, Action.TOKEN_MADE, made.id, detail)
            return made, text

    def revoke_token(self, name: str, by: By) -> Token:
        """End a token at once. Raises ``UnknownAccount``."""
        with self._database.writing() as connection:
            ended = tokens.revoke(connection, name, self._now())
            self._note(connection, by, Action.TOKEN_REVOKED, name, f"of {ended.user}, {ended.label}")
            return ended

    def log_in(self, name: str, password: str, address: str, old: str | None = None) -> Admission | None:
        """A new session in place of an old one's secret, or None for a wrong name or password: the two
        cannot be told apart, also not by time. Takes a twentieth of a second."""
        found = self.user(name)
        right = passwords.matches(found.password if found else None, password)
        with self._database.writing() as connection:
            now = users.find(connection, name)
            if not right or found is None or now is None or now.password != found.password:
                self._note(connection, By("", address), Action.LOG_IN_FAILED, name)
                return None
            if now.password is not None and passwords.outdated(now.password):
                users.change(connection, name, password=passwords.again(password))
            sessions.sweep(connection, self._span, self._now())
            if old is not None and (shown := sessions.shown(connection, old, self._span, self._now())):
                sessions.end(connection, shown.id)
            session, secret = sessions.begin(connection, name, self._now())
            self._note(connection, By(name, address), Action.LOGGED_IN, name)
        return Admission(Principal(name, now.role, "session", session), secret)

    def log_out(self, principal: Principal, address: str) -> None:
        """End the session that was shown."""
        with self._database.writing() as connection:
            sessions.end(connection, principal.key)
            self._note(connection, By(principal.name, address), Action.LOGGED_OUT, principal.name)

    def by_session(self, secret: str, address: str, *, may_rotate: bool = True) -> Admission | None:
        """Whom a session's secret lets in. A secret that was replaced a while ago ends the session: two
        browsers have it, and one of them must not."""
        now = self._now()
        with self._database.reading() as connection:
            shown = sessions.shown(connection, secret, self._span, now) if connection else None
            principal = shown and connection and sessions.holder(connection, shown.id, shown.user)
        if not shown or not principal:
            return None
        rotate = shown.rotate and may_rotate
        if not (shown.stale or rotate or shown.touch):
            return Admission(principal)
        with self._database.writing() as connection:
            if shown.stale:
                sessions.end(connection, shown.id)
                self._note(connection, By(shown.user, address), Action.SESSION_ENDED, shown.user)
                return None
            sessions.touch(connection, shown.id, now)
            fresh = sessions.rotate(connection, shown.id, secret, now) if rotate else None
        return Admission(principal, fresh)

    def by_token(self, text: str) -> Principal | None:
        """Whom a token lets in."""
        now = self._now()
        with self._database.reading() as connection:
            principal = tokens.holder(connection, text, now) if connection else None
            news = connection and principal and tokens.use_is_news(connection, principal.key, now)
        if principal and news:
            with self._database.writing() as writing:
                tokens.note_use(writing, principal.key, now)
        return principal

    def still(self, principal: Principal) -> bool:
        """Whether it would be let in again, with the same role: for what goes on for long."""
        if principal.via == "loopback":
            return not self.configured()
        now = self._now()
        with self._database.reading() as connection:
            if connection is None:
                return False
            if principal.via == "token":
                return tokens.still(connection, principal.key, now) == principal
            return sessions.still(connection, principal.key, self._span, now) == principal

    def note(self, deed: Deed) -> None:
        """Keep what is no change of accounts; nothing while there are no users, and so nobody to name."""
        if not self.configured():
            return
        with self._database.writing() as connection:
            audit.write(connection, deed, self._now())

    def audit(self, wanted: Wanted, limit: int) -> Sequence[Entry]:
        """The rows of the audit that are meant, newest first."""
        with self._database.reading() as connection:
            return audit.newest(connection, wanted, limit) if connection else ()

    def _now(self) -> int:
        return int(self._clock())

    def _note(
        self, connection: sqlite3.Connection, by: By, action: Action, subject: str, detail: str = ""
    ) -> None:
        deed = Deed(action, by.actor, subject, detail, by.address)
        audit.write(connection, deed, self._now())
