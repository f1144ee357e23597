"""One's own password: for who is logged in and knows the old one; the user's other sessions end."""

import time
from collections.abc import AsyncIterator

import httpx
import pytest

from service.accounts.audit import Action, Wanted
from service.accounts.roles import Role
from service.accounts.sessions import OVERLAP_SECONDS
from service.accounts.throttle import OF_BOTH
from service.web.page import Page
from tests.web.conftest import OWN, client_of
from tests.web.staff import PASSWORD, Staff, log_in

NEW = "four green lathes"
SAME = {"Origin": OWN}
PLACE = "/v1/session/password"


@pytest.fixture
async def otto(staff: Staff, page: Page) -> AsyncIterator[httpx.AsyncClient]:
    """A client of an operator who is logged in."""
    async with client_of(page) as made:
        await log_in(made, "otto")
        yield made


async def change(client: httpx.AsyncClient, old: str = PASSWORD, new: str = NEW) -> httpx.Response:
    return await client.put(PLACE, json={"old": old, "new": new}, headers=SAME)


async def test_another_password_ends_the_users_other_sessions_and_nobody_elses(
    staff: Staff, page: Page, otto: httpx.AsyncClient
) -> None:
    async with client_of(page) as elsewhere, client_of(page) as olga:
        await log_in(elsewhere, "otto")
        await log_in(olga, "olga")
        assert (await change(otto)).status_code == 204
        assert (await elsewhere.get("/v1/lines")).status_code == 401
        assert (await olga.get("/v1/lines")).status_code == 200
        assert (await otto.get("/v1/lines")).status_code == 200
        assert (await log_in(elsewhere, "otto", PASSWORD)).status_code == 401
        assert (await log_in(elsewhere, "otto", NEW)).status_code == 200
    [told] = staff.accounts.audit(Wanted(action=Action.USER_CHANGED), 10)
    assert (told.deed.actor, told.deed.subject) == ("otto", "otto")
    assert told.deed.detail == "own password, 1 other sessions ended"


async def test_the_session_goes_on_by_another_secret_and_a_copy_of_the_old_one_ends_it(
    staff: Staff, otto: httpx.AsyncClient, page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    copied = dict(otto.cookies)
    assert (await change(otto)).status_code == 204
    assert dict(otto.cookies) != copied
    now = time.time()
    monkeypatch.setattr(page.context.reception.accounts, "_clock", lambda: now + OVERLAP_SECONDS + 1)
    assert (await otto.get("/v1/lines")).status_code == 200
    async with client_of(page) as thief:
        thief.cookies.update(copied)
        assert (await thief.get("/v1/lines")).status_code == 401
    assert (await otto.get("/v1/lines")).status_code == 401


async def test_a_wrong_old_password_changes_nothing_is_told_and_throttled(
    staff: Staff, otto: httpx.AsyncClient
) -> None:
    refused = [await change(otto, old="a wrong password") for _ in range(OF_BOTH + 1)]
    assert [answer.status_code for answer in refused] == [403] * OF_BOTH + [429]
    assert "old password is wrong" in refused[0].json()["detail"]
    assert (await change(otto)).status_code == 429
    [told] = staff.accounts.audit(Wanted(action=Action.PASSWORD_REFUSED), 10)
    assert (told.deed.actor, told.times) == ("otto", OF_BOTH + 2)
    assert (await otto.get("/v1/session")).status_code == 200


@pytest.mark.parametrize(
    ("new", "words"),
    [
        ("short", "10 to 256 characters"),
        (PASSWORD, "is the old one"),
        ("my otto pass", "little more than the user's name"),
    ],
)
async def test_a_new_password_that_breaks_a_rule_is_refused_in_a_sentence(
    staff: Staff, otto: httpx.AsyncClient, new: str, words: str
) -> None:
    answer = await change(otto, new=new)
    assert answer.status_code == 409
    assert words in answer.json()["detail"]
    otto.cookies.clear()
    assert (await log_in(otto, "otto")).status_code == 200


async def test_only_a_session_from_the_page_itself_changes_a_password(
    staff: Staff, otto: httpx.AsyncClient, page: Page
) -> None:
    body = {"old": PASSWORD, "new": NEW}
    assert (await otto.put(PLACE, json=body, headers={"Origin": "http://elsewhere"})).status_code == 403
    async with client_of(page) as machine:
        answer = await machine.put(PLACE, json=body, headers=staff.bearer(Role.ENGINEER))
        assert answer.status_code == 409
        assert "log in" in answer.json()["detail"]


async def test_without_users_there_is_no_password_to_change(client: httpx.AsyncClient) -> None:
    assert (await client.put(PLACE, json={"old": "a", "new": NEW}, headers=SAME)).status_code == 409
    shown = await client.get("/password", headers={"Accept": "text/html"})
    assert "no password to change" in shown.text
