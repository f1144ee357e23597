"""The users page: for engineers alone, whole without scripts, and linked for those who may open it."""

import httpx

from service.accounts.roles import Role
from service.web.page import Page
from tests.web.conftest import client_of
from tests.web.staff import NAMES, Staff

HTML = {"Accept": "text/html"}


async def test_only_engineers_see_the_page_and_its_link(page: Page, staff: Staff) -> None:
    async with client_of(page) as client:
        for role in Role:
            bearer = staff.bearer(role)
            shown = await client.get("/users", headers={**HTML, **bearer})
            home = await client.get("/", headers={**HTML, **bearer})
            engineer = role is Role.ENGINEER
            assert shown.status_code == (200 if engineer else 403)
            assert ('href="/users"' in home.text) is engineer
            assert all((name in shown.text) is engineer for name in NAMES.values() if name != NAMES[role])


async def test_without_users_the_page_says_how_to_begin(client: httpx.AsyncClient) -> None:
    shown = await client.get("/users", headers=HTML)
    assert "No users yet" in shown.text
    assert "engineer with a password" in shown.text
