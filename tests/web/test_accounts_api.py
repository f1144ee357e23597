"""Users, tokens and the audit by the API: for engineers, against the state that was looked at, all told."""

from collections.abc import AsyncIterator

import httpx
import pytest

from schemas.reasons import VerdictKind
from service.accounts.audit import Action, Wanted
from service.accounts.roles import Role
from service.web.page import Page
from tests.web.conftest import client_of, ready_page
from tests.web.plant import Plant
from tests.web.staff import PASSWORD, Staff, log_in


@pytest.fixture
async def eva(staff: Staff, page: Page) -> AsyncIterator[httpx.AsyncClient]:
    """A client of an engineer."""
    async with client_of(page) as made:
        made.headers.update(staff.bearer(Role.ENGINEER))
        yield made


async def test_a_user_is_added_changed_and_removed(staff: Staff, eva: httpx.AsyncClient) -> None:
    new = {"name": "ida", "role": "viewer", "password": PASSWORD}
    added = await eva.post("/v1/users", json=new)
    assert (added.status_code, added.headers["etag"]) == (201, '"1"')
    assert PASSWORD not in added.text
    assert (await eva.post("/v1/users", json=new)).status_code == 409
    changed = await eva.patch("/v1/users/ida", json={"role": "operator"}, headers={"If-Match": '"1"'})
    assert (changed.json()["role"], changed.headers["etag"]) == ("operator", '"2"')
    assert (await eva.get("/v1/users/ida")).json() == changed.json()
    assert (await eva.delete("/v1/users/ida", headers={"If-Match": '"2"'})).status_code == 204
    assert [user["name"] for user in (await eva.get("/v1/users")).json()] == ["eva", "olga", "otto", "vera"]
    deeds = [entry.deed for entry in staff.accounts.audit(Wanted(actor="eva"), 10)]
    assert [(deed.action, deed.subject) for deed in deeds] == [
        (Action.USER_REMOVED, "ida"),
        (Action.USER_CHANGED, "ida"),
        (Action.USER_ADDED, "ida"),
    ]


@pytest.mark.parametrize(("match", "status"), [(None, 428), ('"7"', 412), ("7", 412), ('W/"1"', 412)])
async def test_a_change_of_a_user_says_which_state_it_is_for(
    staff: Staff, eva: httpx.AsyncClient, match: str | None, status: int
) -> None:
    headers = {"If-Match": match} if match else {}
    assert (await eva.patch("/v1/users/otto", json={"role": "viewer"}, headers=headers)).status_code == status
    assert (await eva.delete("/v1/users/otto", headers=headers)).status_code == status
    otto = staff.accounts.user("otto")
    assert otto is not None
    assert otto.role is Role.OPERATOR


async def test_the_last_engineer_cannot_go_and_another_password_ends_sessions(
    staff: Staff, eva: httpx.AsyncClient, page: Page
) -> None:
    any_state = {"If-Match": "*"}
    assert (await eva.delete("/v1/users/eva", headers=any_state)).status_code == 409
    assert (await eva.delete("/v1/users/nobody", headers=any_state)).status_code == 404
    assert (await eva.delete("/v1/users/../x", headers=any_state)).status_code in (404, 405, 422)
    async with client_of(page) as otto:
        await log_in(otto, "otto")
        body = {"password": "four green lathes"}
        assert (await eva.patch("/v1/users/otto", json=body, headers=any_state)).status_code == 200
        assert (await otto.get("/v1/lines")).status_code == 401
        assert (await log_in(otto, "otto", "four green lathes")).status_code == 200


async def test_a_token_is_made_shown_once_used_and_revoked(
    staff: Staff, eva: httpx.AsyncClient, page: Page
) -> None:
    new = {"user": "vera", "label": "plc", "days": 1, "lines": ["a"]}
    made = await eva.post("/v1/tokens", json=new)
    assert (made.status_code, made.headers["cache-control"]) == (201, "no-store")
    text = made.json()["token"]
    async with client_of(page) as plc:
        plc.headers["Authorization"] = f"Bearer {text}"
        assert (await plc.get("/v1/verdicts?line=a")).status_code == 200
        listed = await eva.get("/v1/tokens")
        assert text not in listed.text
        assert listed.json()[0]["used_at"] is not None
        revoked = await eva.delete(f"/v1/tokens/{made.json()['id']}")
        assert revoked.json()["state"] == "revoked"
        assert (await plc.get("/v1/verdicts?line=a")).status_code == 401
    above = {"user": "vera", "role": "operator", "label": "x"}
    assert (await eva.post("/v1/tokens", json=above)).status_code == 409


@pytest.mark.parametrize("path", ["/v1/users", "/v1/users/eva", "/v1/tokens", "/v1/audit", "/v1/audit.csv"])
async def test_accounts_are_for_engineers(staff: Staff, page: Page, path: str) -> None:
    async with client_of(page) as client:
        for role in Role:
            answer = await client.get(path, headers=staff.bearer(role))
            assert answer.status_code == (200 if role is Role.ENGINEER else 403)


async def test_every_change_that_the_api_took_is_in_the_audit_and_no_other(
    plant: Plant, staff: Staff
) -> None:
    verdict = await plant.judge("a", VerdictKind.DEFECT)
    async with ready_page(plant) as page, client_of(page) as client:
        client.headers.update(staff.bearer(Role.OPERATOR))
        done = await client.post("/v1/lines/a/approvals", json={"frames": [verdict.frame_id]})
        await client.post("/v1/lines/a/approvals", json={"frames": ["unknown"]})
        client.headers.update(staff.bearer(Role.ENGINEER))
        told = (await client.get("/v1/audit?action=changed")).json()["entries"]
    assert [(row["actor"], row["subject"], row["detail"]) for row in told] == [
        ("otto", "POST /v1/lines/a/approvals", f"ApproveGood {done.json()['command_id']}")
    ]


async def test_the_audit_is_walked_to_its_end_and_exported_whole(
    staff: Staff, eva: httpx.AsyncClient
) -> None:
    for number in range(7):
        staff.accounts.log_in(f"=user{number}", "wrong", f"10.0.0.{number}")
    seen, cursor = [], ""
    while True:
        page = (await eva.get(f"/v1/audit?limit=3{cursor}")).json()
        seen += page["entries"]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    exported = (await eva.get("/v1/audit.csv")).text.splitlines()
    assert len(seen) == len(exported) - 1
    assert [row["subject"] for row in seen[:2]] == ["=user6", "=user5"]
    assert "'=user6" in exported[1]
    assert exported[0] == "at,actor,action,subject,detail,address,times"


@pytest.mark.parametrize("cursor", ["x", "!!", "A" * 200, "bGluZXMgMQ", "YXVkaXQgLTE", "YXVkaXQgIngi"])
async def test_a_cursor_that_is_none_of_the_list_is_refused(eva: httpx.AsyncClient, cursor: str) -> None:
    answer = await eva.get("/v1/audit", params={"cursor": cursor})
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
