"""The reception: asks the accounts file from threads of its own, so that the event loop waits for neither
a disk nor a password's hash."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import structlog

from service.accounts.accounts import Accounts, Admission
from service.accounts.audit import Deed
from service.accounts.principal import NOBODY_ELSE, Principal
from service.accounts.refusal import AccountsError
from service.accounts.throttle import Throttle
from service.web.access.cookie import Cookie
from service.web.problem import Problem

# A hash takes 64 MiB: so many at once, and so many more may wait.
HASHING, WAITING = 2, 16
BUSY = "too many people log in at once: try again in a moment"

_log = structlog.get_logger()
T = TypeVar("T")


class Reception:
    """Everything that the page asks of accounts. Raises ``Problem`` 503 where the file cannot be used."""

    def __init__(self, accounts: Accounts, cookie: Cookie) -> None:
        self.accounts = accounts
        self.cookie = cookie
        self.throttle = Throttle()
        self._asking = ThreadPoolExecutor(1, "accounts")
        self._hashing = ThreadPoolExecutor(HASHING, "passwords")
        self._hashes = 0

    async def ask(self, action: Callable[[], T]) -> T:
        """Run it on the accounts file."""
        return await self._run(self._asking, action)

    async def hash(self, action: Callable[[], T]) -> T:
        """Run what hashes a password. Raises ``Problem`` 503 when many wait already."""
        if self._hashes >= HASHING + WAITING:
            raise Problem(503, BUSY)
        self._hashes += 1
        try:
            return await self._run(self._hashing, action)
        finally:
            self._hashes -= 1

    async def admit(
        self, token: str | None, secret: str | None, address: str, *, may_rotate: bool
    ) -> Admission | None:
        """Whom a token, or else a session's secret, lets in; everybody while there are no users."""

        def look() -> Admission | None:
            if not self.accounts.configured():
                return Admission(NOBODY_ELSE)
            if token is not None:
                principal = self.accounts.by_token(token)
                return Admission(principal) if principal else None
            return self.accounts.by_session(secret, address, may_rotate=may_rotate) if secret else None

        return await self.ask(look)

    async def still(self, principal: Principal) -> bool:
        """Whether it would be let in again."""
        return await self.ask(lambda: self.accounts.still(principal))

    async def note(self, deed: Deed) -> None:
        """Keep a deed in the audit."""
        await self.ask(lambda: self.accounts.note(deed))

    def close(self) -> None:
        """Finish what was asked, then let the file go."""
        for executor in (self._hashing, self._asking):
            executor.shutdown()
        self.accounts.close()

    async def _run(self, executor: ThreadPoolExecutor, action: Callable[[], T]) -> T:
        try:
            return await asyncio.get_running_loop().run_in_executor(executor, action)
        except AccountsError as error:
            _log.error("the accounts file cannot be used", reason=str(error))
            raise Problem(503, "the page cannot read its accounts: see its log") from error
