"""The guard: strangers are refused, whichever way they come."""

from pathlib import Path

import httpx
import pytest

from service.settings import SettingsError, WebSettings
from service.web.exposure import require_loopback_or_users
from tests.web.conftest import OWN
from tests.web.plant import Plant

APPROVALS = "/v1/lines/a/approvals"
JSON = {"Content-Type": "application/json"}
BODY = '{"frames": ["x"]}'


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:9999"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
async def test_another_site_may_not_act(
    plant: Plant, client: httpx.AsyncClient, headers: dict[str, str]
) -> None:
    answer = await client.post(APPROVALS, content=BODY, headers={**JSON, **headers})
    assert answer.status_code == 403
    assert await plant.commands() == []


async def test_the_page_itself_and_machines_without_origin_may_act(client: httpx.AsyncClient) -> None:
    own = {**JSON, "Origin": OWN, "Sec-Fetch-Site": "same-origin"}
    for headers in (own, JSON):
        answer = await client.post(APPROVALS, content=BODY, headers=headers)
        assert answer.status_code == 404


@pytest.mark.parametrize("kind", [None, "text/plain", "application/x-www-form-urlencoded"])
async def test_a_body_that_a_form_could_send_is_refused(client: httpx.AsyncClient, kind: str | None) -> None:
    headers = {"Content-Type": kind} if kind else {}
    answer = await client.post(APPROVALS, content=BODY, headers=headers)
    assert answer.status_code == 415


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "", "evil.example:8080"])
async def test_a_foreign_host_reads_nothing(client: httpx.AsyncClient, host: str) -> None:
    for path in ("/", "/v1/lines", "/static/js/page.js"):
        assert (await client.get(path, headers={"Host": host})).status_code == 421


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost:8080", "[::1]:8080"])
async def test_our_own_names_are_answered(client: httpx.AsyncClient, host: str) -> None:
    assert (await client.get("/v1/lines", headers={"Host": host})).status_code == 200


async def test_a_body_past_the_limit_is_refused_announced_or_not(client: httpx.AsyncClient) -> None:
    async def unannounced() -> object:
        for _ in range(20):
            yield b" " * 100_000

    large = b" " * 1_000_001
    assert (await client.post(APPROVALS, content=large, headers=JSON)).status_code == 413
    told = await client.post(APPROVALS, content=unannounced(), headers=JSON)  # type: ignore[arg-type]
    assert told.status_code == 413


@pytest.mark.parametrize("path", ["/", "/v1/lines", "/static/css/base.css", "/nowhere"])
async def test_every_answer_forbids_what_is_not_ours(client: httpx.AsyncClient, path: str) -> None:
    headers = (await client.get(path)).headers
    assert headers["content-security-policy"].startswith("default-src 'self'")
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert "access-control-allow-origin" not in headers


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.4", "page.example"])
def test_without_users_only_this_machine_is_listened_on(host: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"patchline users add"):
        require_loopback_or_users(WebSettings(host=host, accounts=tmp_path / "accounts.sqlite"))


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2", "::1", "localhost"])
def test_loopback_is_listened_on(host: str, tmp_path: Path) -> None:
    require_loopback_or_users(WebSettings(host=host, accounts=tmp_path / "accounts.sqlite"))
