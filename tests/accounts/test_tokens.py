"""Laws of tokens."""

import pytest

from service.accounts.accounts import Accounts
from service.accounts.refusal import AccountRefused, UnknownAccount
from service.accounts.roles import Role
from service.accounts.tokens import Wish
from tests.accounts.conftest import ROOT, Clock


def wish(clock: Clock, user: str = "plc", role: Role = Role.VIEWER, seconds: int = 3600) -> Wish:
    return Wish(user, role, "hall 2", int(clock()) + seconds, frozenset({"line1"}))


def test_a_token_lets_its_user_in_for_its_lines(staffed: Accounts, clock: Clock) -> None:
    made, text = staffed.new_token(wish(clock), ROOT)
    principal = staffed.by_token(text)
    assert principal is not None
    assert (principal.name, principal.role, principal.via) == ("plc", Role.VIEWER, "token")
    assert (principal.key, principal.lines) == (made.id, frozenset({"line1"}))
    assert staffed.still(principal)


def test_no_token_is_kept_as_it_is(staffed: Accounts, clock: Clock) -> None:
    made, text = staffed.new_token(wish(clock), ROOT)
    with staffed._database.reading() as connection:
        assert connection is not None
        kept = str(list(connection.iterdump()))
    assert made.id in kept
    assert text.rpartition("_")[2] not in kept


def test_a_forged_expired_or_revoked_token_lets_nobody_in(staffed: Accounts, clock: Clock) -> None:
    made, text = staffed.new_token(wish(clock), ROOT)
    other, other_text = staffed.new_token(wish(clock), ROOT)
    crossed = text.replace(made.id, other.id)
    cut = text[:-1] + ("A" if text[-1] != "A" else "B")
    for forged in ("", "x", text.upper(), text + "A", text[:-1], crossed, cut, f" {text}", "patchline_"):
        assert staffed.by_token(forged) is None
    principal = staffed.by_token(other_text)
    assert principal is not None
    staffed.revoke_token(other.id, ROOT)
    assert staffed.by_token(other_text) is None
    assert not staffed.still(principal)
    clock.pass_by(3600)
    assert staffed.by_token(text) is None


def test_a_token_may_never_do_more_than_its_user(staffed: Accounts, clock: Clock) -> None:
    with pytest.raises(AccountRefused, match="viewer"):
        staffed.new_token(wish(clock, role=Role.OPERATOR), ROOT)
    _, text = staffed.new_token(wish(clock, "otto", Role.OPERATOR), ROOT)
    staffed.set_role("otto", Role.VIEWER, ROOT)
    principal = staffed.by_token(text)
    assert principal is not None
    assert principal.role is Role.VIEWER
    staffed.remove_user("otto", ROOT)
    assert staffed.by_token(text) is None


def test_a_token_needs_a_user_and_a_day_to_come(staffed: Accounts, clock: Clock) -> None:
    with pytest.raises(UnknownAccount):
        staffed.new_token(wish(clock, "nobody"), ROOT)
    with pytest.raises(AccountRefused, match="later day"):
        staffed.new_token(wish(clock, seconds=0), ROOT)
    with pytest.raises(UnknownAccount):
        staffed.revoke_token("0" * 16, ROOT)
