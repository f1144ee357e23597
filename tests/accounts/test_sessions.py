"""Laws of sessions and log-ins."""

from typing import Literal

import pytest
from argon2 import PasswordHasher

from service.accounts import passwords
from service.accounts.accounts import Accounts
from service.accounts.audit import Action, Wanted
from service.accounts.roles import Role
from service.accounts.sessions import OVERLAP_SECONDS, ROTATE_SECONDS
from service.accounts.throttle import OF_ADDRESS, OF_BOTH, OF_NAME, WINDOW_SECONDS, Throttle
from tests.accounts.conftest import IDLE, PASSWORD, ROOT, WHOLE, Clock

HERE = "10.0.0.7"


def logged_in(accounts: Accounts, name: str = "otto") -> str:
    admission = accounts.log_in(name, PASSWORD, HERE)
    assert admission is not None
    assert admission.secret is not None
    return admission.secret


def test_a_session_lets_its_user_in_with_the_role_of_now(staffed: Accounts) -> None:
    secret = logged_in(staffed)
    admission = staffed.by_session(secret, HERE)
    assert admission is not None
    assert (admission.principal.name, admission.principal.role) == ("otto", Role.OPERATOR)
    staffed.set_role("otto", Role.VIEWER, ROOT)
    again = staffed.by_session(secret, HERE)
    assert again is not None
    assert again.principal.role is Role.VIEWER
    assert not staffed.still(admission.principal)


@pytest.mark.parametrize(
    ("name", "password"),
    [("otto", "wrong"), ("nobody", PASSWORD), ("plc", PASSWORD), ("plc", ""), ("Otto", PASSWORD), ("", "")],
)
def test_a_wrong_name_and_a_wrong_password_are_refused_alike(
    staffed: Accounts, name: str, password: str
) -> None:
    assert staffed.log_in(name, password, HERE) is None
    [newest, *_] = staffed.audit(Wanted(), 10)
    assert (newest.deed.action, newest.deed.subject) == (Action.LOG_IN_FAILED, name)


def test_a_name_that_nobody_has_takes_a_hash_as_a_wrong_password_does(
    staffed: Accounts, monkeypatch: pytest.MonkeyPatch
) -> None:
    hashes: list[str] = []

    class Counting(PasswordHasher):
        def verify(self, hash: str | bytes, password: str | bytes) -> Literal[True]:  # noqa: A002 - theirs
            hashes.append(str(hash).partition("p=")[0])
            return super().verify(hash, password)

    hasher = Counting(time_cost=1, memory_cost=8, parallelism=1)
    monkeypatch.setattr(passwords, "_HASHER", hasher)
    for name in ("otto", "nobody", "plc"):
        assert staffed.log_in(name, "wrong", HERE) is None
    assert len(hashes) == 3
    assert len(set(hashes)) == 1


def test_no_secret_is_kept_as_it_is(staffed: Accounts, tmp_path: object) -> None:
    secret = logged_in(staffed)
    with staffed._database.reading() as connection:
        assert connection is not None
        assert secret not in str(list(connection.iterdump()))


def test_a_session_ends_when_it_is_idle_and_when_its_day_is_over(staffed: Accounts, clock: Clock) -> None:
    secret = logged_in(staffed)
    clock.pass_by(IDLE)
    assert staffed.by_session(secret, HERE) is None
    secret = logged_in(staffed)
    for _ in range(WHOLE // (IDLE // 2) - 1):
        clock.pass_by(IDLE // 2)
        admission = staffed.by_session(secret, HERE)
        assert admission is not None
        secret = admission.secret or secret
    clock.pass_by(IDLE // 2)
    assert staffed.by_session(secret, HERE) is None


def test_a_session_gets_a_new_secret_and_the_old_one_works_only_for_a_moment(
    staffed: Accounts, clock: Clock
) -> None:
    old = logged_in(staffed)
    clock.pass_by(ROTATE_SECONDS)
    first, second = staffed.by_session(old, HERE), staffed.by_session(old, HERE)
    assert first is not None
    assert second is not None
    assert first.secret not in (None, old)
    assert second.secret is None
    fresh = str(first.secret)
    clock.pass_by(OVERLAP_SECONDS - 1)
    assert staffed.by_session(old, HERE) is not None
    assert staffed.by_session(fresh, HERE) is not None


def test_a_secret_that_was_replaced_ends_the_session_of_whoever_copied_it(
    staffed: Accounts, clock: Clock
) -> None:
    stolen = logged_in(staffed)
    clock.pass_by(ROTATE_SECONDS)
    admission = staffed.by_session(stolen, HERE)
    assert admission is not None
    clock.pass_by(OVERLAP_SECONDS)
    assert staffed.by_session(stolen, "10.6.6.6") is None
    assert staffed.by_session(str(admission.secret), HERE) is None
    assert staffed.audit(Wanted(), 1)[0].deed.action is Action.SESSION_ENDED


def test_logging_in_again_ends_the_session_that_the_browser_had(staffed: Accounts) -> None:
    planted = logged_in(staffed)
    assert staffed.log_in("eva", PASSWORD, HERE, planted) is not None
    assert staffed.by_session(planted, HERE) is None


def test_logging_out_another_password_and_removal_each_end_sessions(staffed: Accounts) -> None:
    secret = logged_in(staffed)
    admission = staffed.by_session(secret, HERE)
    assert admission is not None
    staffed.log_out(admission.principal, HERE)
    assert staffed.by_session(secret, HERE) is None
    secret = logged_in(staffed)
    staffed.set_password("otto", "four green lathes", ROOT)
    assert staffed.by_session(secret, HERE) is None
    staffed.set_password("otto", PASSWORD, ROOT)
    secret = logged_in(staffed)
    staffed.remove_user("otto", ROOT)
    assert staffed.by_session(secret, HERE) is None


def test_failed_log_ins_are_throttled_by_name_and_address_and_forgotten_in_time() -> None:
    clock = Clock()
    throttle = Throttle(clock)
    for _ in range(OF_BOTH):
        assert throttle.wait("otto", "a") == 0
        throttle.failed("otto", "a")
    assert throttle.wait("otto", "a") == WINDOW_SECONDS
    assert throttle.wait("otto", "b") == 0
    assert throttle.wait("eva", "a") == 0
    clock.pass_by(WINDOW_SECONDS)
    assert throttle.wait("otto", "a") == 0


def test_many_names_from_one_address_and_one_name_from_many_are_throttled_too() -> None:
    throttle = Throttle(Clock())
    for number in range(OF_ADDRESS):
        throttle.failed(f"user{number}", "a")
    assert throttle.wait("somebody", "a") > 0
    for number in range(OF_NAME):
        throttle.failed("otto", f"address{number}")
    assert throttle.wait("otto", "elsewhere") > 0


def test_a_refusal_that_repeats_is_counted_in_one_row_a_minute(staffed: Accounts, clock: Clock) -> None:
    for _ in range(4):
        staffed.log_in("otto", "wrong", HERE)
    assert staffed.audit(Wanted(), 1)[0].times == 4
    clock.pass_by(61)
    staffed.log_in("otto", "wrong", HERE)
    assert [entry.times for entry in staffed.audit(Wanted(), 2)] == [1, 4]
