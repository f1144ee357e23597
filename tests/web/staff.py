"""People and machines of a plant's page, and clients that come as each of them."""

import time
from pathlib import Path

import httpx
import pytest
from argon2 import PasswordHasher

from service.accounts import passwords
from service.accounts.accounts import Accounts, By
from service.accounts.roles import Role
from service.accounts.sessions import Span
from service.accounts.tokens import Wish

PASSWORD = "three blue lathes"  # noqa: S105 - of nobody
ROOT = By("root")
NAMES = {Role.VIEWER: "vera", Role.OPERATOR: "otto", Role.ENGINEER: "eva"}


class Staff:
    """The accounts of a page: ``vera`` looks, ``otto`` and ``olga`` answer, ``eva`` changes all."""

    def __init__(self, file: Path) -> None:
        self.accounts = Accounts(file, Span(3600, 36_000))
        for role in reversed(Role):
            self.accounts.add_user(NAMES[role], role, PASSWORD, ROOT)
        self.accounts.add_user("olga", Role.OPERATOR, PASSWORD, ROOT)

    def token(self, role: Role, *, seconds: int = 600, lines: frozenset[str] | None = None) -> str:
        """A token of the user with that role."""
        wish = Wish(NAMES[role], role, "test", int(time.time()) + seconds, lines)
        return self.accounts.new_token(wish, ROOT)[1]

    def bearer(self, role: Role) -> dict[str, str]:
        """The header of a new token."""
        return {"Authorization": f"Bearer {self.token(role)}"}


async def log_in(client: httpx.AsyncClient, name: str, password: str = PASSWORD) -> httpx.Response:
    """As the log-in page does."""
    body = {"name": name, "password": password}
    return await client.post("/v1/session", json=body, headers={"Origin": str(client.base_url).rstrip("/")})


def quick_hashes(patch: pytest.MonkeyPatch) -> None:
    """The same hash with less work."""
    patch.setattr(passwords, "_HASHER", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    passwords._nobodys.cache_clear()
