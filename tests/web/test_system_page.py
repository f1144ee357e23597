"""The system page: the audit for engineers alone, filtered and walked to its end."""

import re
from collections.abc import AsyncIterator

import httpx
import pytest

from service.accounts.roles import Role
from service.web.page import Page
from tests.web.conftest import client_of
from tests.web.plant import Plant
from tests.web.staff import Staff, quick_hashes

HTML = {"Accept": "text/html"}
OLDER = re.compile(r'href="(/system\?[^"]*before=[^"]+)#audit"')
HOSTILE = "<b>=1+1</b>"


@pytest.fixture
def staff(plant: Plant, monkeypatch: pytest.MonkeyPatch) -> Staff:
    quick_hashes(monkeypatch)
    return Staff(plant.settings.web.accounts)


@pytest.fixture
async def eva(staff: Staff, page: Page) -> AsyncIterator[httpx.AsyncClient]:
    """A client of an engineer who opens pages."""
    async with client_of(page) as made:
        made.headers.update({**HTML, **staff.bearer(Role.ENGINEER)})
        yield made


def rows(html: str) -> list[str]:
    """The rows of the audit as the page shows them, without markup."""
    table = html.partition('id="audit-rows"')[2].partition("</table>")[0].partition("<tbody>")[2]
    return [" ".join(re.sub(r"<[^>]+>", " ", row).split()) for row in table.split("</tr>")[:-1]]


async def test_the_audit_is_shown_to_engineers_alone(staff: Staff, page: Page) -> None:
    async with client_of(page) as client:
        for role in Role:
            shown = await client.get("/system", headers={**HTML, **staff.bearer(role)})
            assert shown.status_code == 200
            assert ('id="audit"' in shown.text) is (role is Role.ENGINEER)
            assert ('href="/v1/audit.csv"' in shown.text) is (role is Role.ENGINEER)
            assert ("user added" in shown.text) is (role is Role.ENGINEER)


async def test_the_audit_is_filtered_walked_to_its_end_and_never_markup(
    staff: Staff, eva: httpx.AsyncClient
) -> None:
    for number in range(30):
        staff.accounts.log_in(f"{HOSTILE}{number}", "wrong", f"10.0.0.{number}")
    first = (await eva.get("/system?actor=&action=log-in-failed")).text
    assert HOSTILE not in first
    assert 'href="/v1/audit.csv?action=log-in-failed"' in first
    link = OLDER.search(first)
    assert link is not None
    second = (await eva.get(link[1].replace("&amp;", "&"))).text
    assert OLDER.search(second) is None
    told = [*rows(first), *rows(second)]
    assert len(told) == 30
    assert "29" in told[0]
    assert "10.0.0.0" in told[-1]
    assert all("log in failed" in row for row in told)
    assert rows((await eva.get("/system?actor=nobody")).text) == ["No such row."]


async def test_a_cursor_or_action_that_is_none_is_refused(eva: httpx.AsyncClient) -> None:
    assert (await eva.get("/system?before=x")).status_code == 422
    assert (await eva.get("/system?action=other")).status_code == 422


async def test_without_users_the_audit_says_when_it_begins(client: httpx.AsyncClient) -> None:
    assert rows((await client.get("/system", headers=HTML)).text) == [
        "Nothing yet: it begins with the first user."
    ]
