"""Accounts in a file of the test's own, under a clock that the test sets."""

from pathlib import Path

import pytest
from argon2 import PasswordHasher

from service.accounts import passwords
from service.accounts.accounts import Accounts, By
from service.accounts.roles import Role
from service.accounts.sessions import Span

PASSWORD = "three blue lathes"  # noqa: S105 - of nobody
ROOT = By("root")
IDLE, WHOLE = 3600, 12 * 3600


class Clock:
    """Seconds that pass only when they are told to."""

    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now

    def pass_by(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture(autouse=True)
def quick_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same hash with less work: these laws are not about how long it takes."""
    monkeypatch.setattr(passwords, "_HASHER", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    passwords._nobodys.cache_clear()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def accounts(tmp_path: Path, clock: Clock) -> Accounts:
    return Accounts(tmp_path / "accounts.sqlite", Span(IDLE, WHOLE), clock)


@pytest.fixture
def staffed(accounts: Accounts) -> Accounts:
    """With an engineer, an operator and a machine."""
    accounts.add_user("eva", Role.ENGINEER, PASSWORD, ROOT)
    accounts.add_user("otto", Role.OPERATOR, PASSWORD, ROOT)
    accounts.add_user("plc", Role.VIEWER, None, ROOT)
    return accounts
