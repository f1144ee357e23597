"""Laws of users: what is kept, what is refused, and that the file never opens by getting empty."""

import shutil
import sqlite3
from pathlib import Path

import pytest

from service.accounts.accounts import Accounts
from service.accounts.audit import Action, Wanted
from service.accounts.refusal import AccountRefused, AccountsError, StaleChange, UnknownAccount
from service.accounts.roles import Role
from service.accounts.sessions import Span
from tests.accounts.conftest import PASSWORD, ROOT


def test_without_a_user_there_is_no_file_and_nobody_is_configured(accounts: Accounts, tmp_path: Path) -> None:
    assert not accounts.configured()
    assert list(accounts.users()) == []
    assert list(tmp_path.iterdir()) == []


def test_the_file_is_for_its_owner_only_and_holds_no_password(staffed: Accounts, tmp_path: Path) -> None:
    file = tmp_path / "accounts.sqlite"
    assert file.stat().st_mode & 0o777 == 0o600
    assert PASSWORD.encode() not in file.read_bytes()
    assert b"$argon2id$" in file.read_bytes()


@pytest.mark.parametrize("name", ["", "Anna", "a b", "../x", "-a", "a" * 65, "a\n", "ánna"])
def test_a_name_that_could_be_taken_for_another_is_refused(staffed: Accounts, name: str) -> None:
    with pytest.raises(AccountRefused, match="no user's name"):
        staffed.add_user(name, Role.VIEWER, None, ROOT)


@pytest.mark.parametrize("password", ["short", "x" * 257, "eva-eva-12"])
def test_a_password_that_is_easily_tried_is_refused(accounts: Accounts, password: str) -> None:
    with pytest.raises(AccountRefused, match="password"):
        accounts.add_user("eva", Role.ENGINEER, password, ROOT)
    assert not accounts.configured()


def test_the_first_user_is_an_engineer_who_can_log_in(accounts: Accounts) -> None:
    for role, password in ((Role.OPERATOR, PASSWORD), (Role.ENGINEER, None)):
        with pytest.raises(AccountRefused, match="first user"):
            accounts.add_user("eva", role, password, ROOT)


def test_the_last_engineer_stays(staffed: Accounts) -> None:
    with pytest.raises(AccountRefused, match="last engineer"):
        staffed.remove_user("eva", ROOT)
    with pytest.raises(AccountRefused, match="last engineer"):
        staffed.set_role("eva", Role.OPERATOR, ROOT)
    staffed.set_role("otto", Role.ENGINEER, ROOT)
    staffed.remove_user("eva", ROOT)
    assert [user.name for user in staffed.users()] == ["otto", "plc"]


def test_a_change_that_was_decided_on_an_older_state_is_refused(staffed: Accounts) -> None:
    seen = staffed.user("otto")
    assert seen is not None
    staffed.set_role("otto", Role.VIEWER, ROOT, seen.revision)
    with pytest.raises(StaleChange):
        staffed.set_role("otto", Role.ENGINEER, ROOT, seen.revision)
    with pytest.raises(UnknownAccount):
        staffed.remove_user("nobody", ROOT)


def test_users_stay_configured_when_their_file_is_deleted_under_a_running_page(
    staffed: Accounts, tmp_path: Path
) -> None:
    assert staffed.configured()
    (tmp_path / "accounts.sqlite").unlink()
    assert staffed.configured()
    assert staffed.log_in("eva", PASSWORD, "here") is None


def test_a_restored_file_is_noticed_without_a_restart(staffed: Accounts, tmp_path: Path) -> None:
    file, kept = tmp_path / "accounts.sqlite", tmp_path / "backup"
    shutil.copy(file, kept)
    staffed.remove_user("otto", ROOT)
    kept.replace(file)
    assert staffed.user("otto") is not None


@pytest.mark.parametrize("later", [False, True])
def test_a_file_that_is_none_of_ours_is_refused_by_name(tmp_path: Path, later: bool) -> None:
    file = tmp_path / "accounts.sqlite"
    if later:
        with sqlite3.connect(file) as connection:
            connection.execute("PRAGMA user_version = 99")
        connection.close()
    else:
        file.write_bytes(b"no database, whatever its name says" * 100)
    with pytest.raises(AccountsError, match=r"accounts\.sqlite"):
        Accounts(file, Span(1, 1)).configured()


def test_every_change_has_its_row_in_the_audit(staffed: Accounts) -> None:
    staffed.set_role("otto", Role.ENGINEER, ROOT)
    staffed.remove_user("otto", ROOT)
    with pytest.raises(UnknownAccount):
        staffed.remove_user("otto", ROOT)
    told = [
        (entry.deed.action, entry.deed.actor, entry.deed.subject) for entry in staffed.audit(Wanted(), 10)
    ]
    assert told == [
        (Action.USER_REMOVED, "root", "otto"),
        (Action.USER_CHANGED, "root", "otto"),
        (Action.USER_ADDED, "root", "plc"),
        (Action.USER_ADDED, "root", "otto"),
        (Action.USER_ADDED, "root", "eva"),
    ]
