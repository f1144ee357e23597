"""Who comes in and what they may do: nobody unknown, nobody beyond their role, nobody in another's name."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import httpx
import pytest
from starlette.routing import Mount

from schemas.reasons import VerdictKind
from service.accounts.audit import Action, Wanted
from service.accounts.roles import Role
from service.accounts.tokens import Wish
from service.web.access.door import OPEN, OPEN_FOLDER
from service.web.access.least import Least
from service.web.api import events
from service.web.app import create_app
from service.web.page import Page, served
from service.web.pages.login import own_path
from tests.web.conftest import OWN, client_of, ready_page
from tests.web.plant import PNG, Plant, unknown_uid
from tests.web.staff import NAMES, ROOT, Staff, log_in, quick_hashes

SAME = {"Origin": OWN}
HTML = {"Accept": "text/html"}
PROBLEM = "application/problem+json"


@pytest.fixture
async def door(staff: Staff, page: Page) -> AsyncIterator[httpx.AsyncClient]:
    """A client of a page with users, who has not said who it is."""
    async with client_of(page) as made:
        yield made


def routes(page: Page) -> Iterator[Any]:
    """Every route of the page with its whole path, whichever way it was added."""
    pending: list[Any] = list(create_app(page.context, version="0").routes)
    while pending:
        route = pending.pop()
        if hasattr(route, "effective_candidates"):
            pending.extend(route.effective_candidates())
        elif isinstance(route, Mount):
            assert route.path == OPEN_FOLDER.rstrip("/")
        else:
            yield route


def least(route: Any) -> list[Role]:
    pending, found = [route.dependant], []
    while pending:
        dependant = pending.pop()
        pending.extend(dependant.dependencies)
        if isinstance(dependant.call, Least):
            found.append(dependant.call.role)
    return found


async def test_every_route_declares_its_least_role(page: Page) -> None:
    declared = {(method, route.path): least(route) for route in routes(page) for method in route.methods}
    assert {place for place, roles in declared.items() if not roles} == OPEN - {("HEAD", "/login")}
    assert declared["POST", "/v1/lines/{line}/approvals"] == [Role.OPERATOR]
    assert declared["GET", "/openapi.json"] == [Role.VIEWER]


@pytest.mark.parametrize(
    "path", ["/v1/lines", "/v1/events", "/openapi.json", "/v1/audit", "/nowhere", "/v1/"]
)
async def test_nothing_is_told_to_who_is_not_known(door: httpx.AsyncClient, path: str) -> None:
    for method in ("GET", "HEAD", "POST", "DELETE", "OPTIONS", "TRACE"):
        answer = await door.request(method, path, headers={"Content-Type": "application/json"})
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"] == "Bearer"


async def test_a_person_without_a_session_is_led_to_the_log_in_and_back(door: httpx.AsyncClient) -> None:
    led = await door.get("/lines/a?verdict=defect", headers=HTML)
    assert (led.status_code, led.headers["location"]) == (303, "/login?next=/lines/a%3Fverdict%3Ddefect")
    shown = await door.get(led.headers["location"], headers=HTML)
    assert shown.status_code == 200
    assert 'data-next="/lines/a?verdict=defect"' in shown.text
    assert "Log out" not in shown.text
    assert (await door.get("/static/css/base.css")).status_code == 200
    scripted = await door.get("/lines/a", headers={**HTML, "Sec-Fetch-Mode": "cors"})
    assert scripted.status_code == 401


@pytest.mark.parametrize(
    "elsewhere", ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:x", "", "/a\nb"]
)
def test_the_log_in_leads_nowhere_else(elsewhere: str) -> None:
    assert own_path(elsewhere) == "/"


async def test_a_session_is_shown_by_a_cookie_that_no_script_and_no_other_site_gets(
    door: httpx.AsyncClient,
) -> None:
    answer = await log_in(door, "otto")
    assert answer.json() == {"name": "otto", "role": "operator", "via": "session"}
    cookie = answer.headers["set-cookie"]
    assert {"HttpOnly", "SameSite=Strict", "Path=/"} <= set(cookie.split("; "))
    assert answer.headers["cache-control"] == "no-store"
    assert (await door.get("/v1/session")).json()["name"] == "otto"
    home = await door.get("/", headers=HTML)
    assert "otto" in home.text
    assert (await door.get("/login", headers=HTML)).status_code == 303
    assert (await door.delete("/v1/session", headers=SAME)).status_code == 204
    assert (await door.get("/v1/lines")).status_code == 401


async def test_over_tls_the_cookie_is_secure_and_of_this_host_only(plant: Plant, staff: Staff) -> None:
    web = plant.settings.web.model_copy(update={"public_url": "https://page.example"})
    plant.settings = plant.settings.model_copy(update={"web": web})
    async with ready_page(plant) as page, client_of(page) as client:
        client.base_url = httpx.URL("https://page.example")
        cookie = (await log_in(client, "otto")).headers["set-cookie"]
    assert cookie.startswith("__Host-patchline=")
    assert "Secure" in cookie.split("; ")


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": "null"},
        {"Origin": "https://evil.example"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site", "Origin": OWN},
        {"Sec-Fetch-Site": "none"},
    ],
)
async def test_a_session_acts_from_the_page_itself_only(
    plant: Plant, staff: Staff, door: httpx.AsyncClient, headers: dict[str, str]
) -> None:
    assert (
        await door.post("/v1/session", json={"name": "eva", "password": "x"}, headers=headers)
    ).status_code == 403
    await log_in(door, "eva")
    order = {"kind": "Rebuild"}
    assert (await door.post("/v1/lines/a/commands", json=order, headers=headers)).status_code == 403
    assert (await door.delete("/v1/session", headers=headers)).status_code == 403
    assert await plant.commands() == []
    assert (await door.post("/v1/lines/a/commands", json=order, headers=SAME)).status_code == 202


async def test_a_forgery_in_a_sessions_name_is_in_the_audit(staff: Staff, door: httpx.AsyncClient) -> None:
    await log_in(door, "eva")
    await door.post("/v1/lines/a/commands", json={"kind": "Rebuild"})
    newest = staff.accounts.audit(Wanted(), 1)[0].deed
    assert (newest.action, newest.actor, newest.subject) == (
        Action.FORGERY_REFUSED,
        "eva",
        "POST /v1/lines/a/commands",
    )


ORDERS: list[tuple[dict[str, Any], Role]] = [
    ({"kind": "ConfirmDefect", "frame": "x"}, Role.OPERATOR),
    ({"kind": "RetireCanary", "frame": unknown_uid()}, Role.ENGINEER),
    ({"kind": "RemovePart", "model": "lid", "part": "ab" * 32}, Role.ENGINEER),
    ({"kind": "Rebuild"}, Role.ENGINEER),
    ({"kind": "Activate", "model": "lid"}, Role.ENGINEER),
    ({"kind": "Rollback"}, Role.ENGINEER),
    (
        {"kind": "SetFalseAlarmRate", "alpha": 0.02, "review_alpha": 0.1, "based_on_epoch": 4},
        Role.ENGINEER,
    ),
]


@pytest.mark.parametrize(("order", "needed"), ORDERS, ids=[order["kind"] for order, _ in ORDERS])
async def test_each_order_needs_its_role(
    staff: Staff, door: httpx.AsyncClient, order: dict[str, Any], needed: Role
) -> None:
    for role in Role:
        answer = await door.post("/v1/lines/a/commands", json=order, headers=staff.bearer(role))
        assert (answer.status_code == 403) is not role.may_act_as(needed)
        if answer.status_code == 403:
            newest = staff.accounts.audit(Wanted(), 1)[0].deed
            assert (newest.action, newest.actor) == (Action.ROLE_REFUSED, NAMES[role])


async def test_a_viewer_looks_and_may_not_approve(plant: Plant, staff: Staff) -> None:
    verdict = await plant.judge("a", VerdictKind.DEFECT, data=PNG)
    async with ready_page(plant) as page, client_of(page) as client:
        client.headers.update(staff.bearer(Role.VIEWER))
        assert (await client.get(f"/v1/frames/a/{verdict.frame_uid}")).content == PNG
        refused = await client.post("/v1/lines/a/approvals", json={"frames": [verdict.frame_id]})
    assert refused.status_code == 403
    assert "operator" in refused.json()["detail"]
    assert await plant.commands() == []


async def test_a_command_is_given_in_the_name_of_who_asked(plant: Plant, staff: Staff) -> None:
    verdict = await plant.judge("a", VerdictKind.DEFECT)
    async with ready_page(plant) as page:
        for name in ("otto", "olga"):
            async with client_of(page) as client:
                await log_in(client, name)
                body = {"frames": [verdict.frame_id]}
                assert (
                    await client.post("/v1/lines/a/approvals", json=body, headers=SAME)
                ).status_code == 202
        async with client_of(page) as client:
            rebuild = {"kind": "Rebuild"}
            await client.post("/v1/lines/a/commands", json=rebuild, headers=staff.bearer(Role.ENGINEER))
    assert [command.actor for command, _ in await plant.commands()] == ["otto", "olga", "eva"]


@pytest.mark.parametrize("shown", [b"", b"x", b"patchline_0123456789abcdef_" + b"A" * 43, b"\xce\xa9\x00"])
async def test_a_forged_token_is_refused_even_beside_a_good_session(
    staff: Staff, door: httpx.AsyncClient, shown: bytes
) -> None:
    await log_in(door, "eva")
    answer = await door.get("/v1/lines", headers={b"Authorization": b"Bearer " + shown})
    assert answer.status_code == 401
    assert answer.headers["content-type"] == PROBLEM
    assert staff.accounts.audit(Wanted(), 1)[0].deed.action is Action.NOT_ADMITTED


async def test_a_token_for_a_line_asks_of_no_other(staff: Staff, door: httpx.AsyncClient) -> None:
    door.headers["Authorization"] = f"Bearer {staff.token(Role.VIEWER, lines=frozenset({'a'}))}"
    uid = unknown_uid()
    for path in (f"/v1/frames/a/{uid}", "/v1/lines/a", "/v1/verdicts?line=a"):
        assert (await door.get(path)).status_code in (200, 404)
    for path in (
        *(f"/v1/frames/b/{uid}", "/v1/lines", "/v1/lines?line=a", "/v1/verdicts", "/v1/verdicts?line=b"),
        *("/v1/verdicts?line=a&line=b", "/v1/events", "/"),
    ):
        assert (await door.get(path)).status_code == 403


async def test_log_ins_are_throttled_alike_for_every_name(staff: Staff, door: httpx.AsyncClient) -> None:
    for name in ("otto", "nobody"):
        tries = [await log_in(door, name, "wrong") for _ in range(6)]
        assert [answer.status_code for answer in tries] == [401] * 5 + [429]
        assert int(tries[-1].headers["retry-after"]) > 0
        assert len({answer.text for answer in tries[:5]}) == 1
    assert (await log_in(door, "otto")).status_code == 429
    assert (await log_in(door, "olga")).status_code == 200
    assert staff.accounts.audit(Wanted(), 2)[1].deed.action is Action.LOG_IN_THROTTLED


async def test_without_users_everything_is_allowed_on_this_machine_and_said(
    plant: Plant, client: httpx.AsyncClient
) -> None:
    who = (await client.get("/v1/session")).json()
    assert who == {"name": "operator", "role": "engineer", "via": "loopback"}
    assert "this machine only" in (await client.get("/", headers=HTML)).text
    assert (await log_in(client, "eva")).status_code == 409
    assert (await client.get("/login?next=//evil.example")).headers["location"] == "/"


async def test_without_users_a_proxys_public_name_is_not_answered(plant: Plant) -> None:
    web = plant.settings.web.model_copy(update={"public_url": "https://page.example"})
    plant.settings = plant.settings.model_copy(update={"web": web})
    async with ready_page(plant) as page, client_of(page) as client:
        answer = await client.get("/v1/lines", headers={"Host": "page.example"})
    assert answer.status_code == 403
    assert "patchline users add" in answer.json()["detail"]


async def test_users_count_from_the_moment_that_the_first_is_added(
    plant: Plant, client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    quick_hashes(monkeypatch)
    assert (await client.get("/v1/lines")).status_code == 200
    Staff(plant.settings.web.accounts)
    assert (await client.get("/v1/lines")).status_code == 401
    plant.settings.web.accounts.unlink()
    assert (await client.get("/v1/lines")).status_code == 401


async def test_an_accounts_file_that_cannot_be_read_lets_nobody_in(
    plant: Plant, client: httpx.AsyncClient
) -> None:
    plant.settings.web.accounts.write_bytes(b"no database" * 1000)
    answer = await client.get("/v1/lines")
    assert answer.status_code == 503
    assert str(plant.settings.web.accounts) not in answer.text


@pytest.mark.parametrize("how", ["revoked", "demoted", "removed"])
async def test_a_live_stream_ends_when_who_watches_is_no_longer_admitted(
    plant: Plant, staff: Staff, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    monkeypatch.setattr(events, "ADMITTED_SECONDS", 0.05)
    staff.accounts.add_user("wall", Role.OPERATOR, None, ROOT)
    made, text = staff.accounts.new_token(Wish("wall", Role.OPERATOR, "x", 2**40), ROOT)
    changes: dict[str, Callable[[], object]] = {
        "revoked": lambda: staff.accounts.revoke_token(made.id, ROOT),
        "demoted": lambda: staff.accounts.set_role("wall", Role.VIEWER, ROOT),
        "removed": lambda: staff.accounts.remove_user("wall", ROOT),
    }
    headers = {"Authorization": f"Bearer {text}"}
    async with (
        ready_page(plant) as page,
        served(plant.settings, page) as url,
        httpx.AsyncClient(headers=headers) as client,
        asyncio.timeout(20),
        client.stream("GET", f"{url}/v1/events") as live,
    ):
        lines = live.aiter_lines()
        await anext(lines)
        changes[how]()
        async for _ in lines:
            pass
        assert len(page.context.hub) == 0
