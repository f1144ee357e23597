"""The pages: whole without scripts, plain when there is nothing, safe with whatever a camera says."""

import re
from datetime import UTC, datetime

import httpx
import pytest

from schemas.reasons import FaultReason, VerdictKind
from schemas.verdict import Region
from service.accounts.principal import Principal
from service.accounts.roles import Role
from service.web.access import reception
from service.web.health import Health
from tests.web.conftest import client_of, ready_page
from tests.web.plant import Plant, unknown_uid, version_of

HTML = {"Accept": "text/html"}
SCORED = {
    "score": 1.5,
    "threshold": 1.0,
    "review_threshold": 0.8,
    "p_value": 0.01,
    "model": "default",
    "epoch": 1,
    "width": 320,
    "height": 240,
    "bank_version": version_of("a", 1),
    "heatmap_url": "http://127.0.0.1/heatmap",
    "regions": (Region(x=1, y=2, width=3, height=4, score=1.5),),
}


async def test_an_empty_installation_says_how_to_begin(client: httpx.AsyncClient) -> None:
    page = (await client.get("/", headers=HTML)).text
    assert "No line yet" in page
    assert "kcat" in page


async def test_the_wall_shows_trouble_first_with_its_sentence(plant: Plant) -> None:
    now = datetime.now(UTC)
    for line in ("calm", "bad", "silent"):
        await plant.activate(line, 1)
    await plant.judge("calm", VerdictKind.OK, inspected_at=now, **SCORED)
    await plant.judge("bad", VerdictKind.DEFECT, inspected_at=now, **SCORED)
    await plant.judge("silent", VerdictKind.OK, **SCORED)
    await plant.judge("no-bank", VerdictKind.FAULT, reason=FaultReason.NO_BANK, inspected_at=now)
    async with ready_page(plant) as page, client_of(page) as client:
        wall = (await client.get("/", headers=HTML)).text
    assert re.findall(r'id="line-([a-z-]+)"', wall) == ["no-bank", "silent", "bad", "calm"]
    assert Health.NO_FRAMES.sentence in wall
    assert "1,000</b> <span>defects per thousand" in wall
    assert "1 to answer" in wall


async def test_a_line_shows_what_waits_for_an_answer_and_lists_the_rest_on_demand(plant: Plant) -> None:
    await plant.activate("a", 1)
    defect = await plant.judge("a", VerdictKind.DEFECT, **SCORED)
    await plant.judge("a", VerdictKind.FAULT, reason=FaultReason.FLAT)
    await plant.judge("a", VerdictKind.DROPPED, data=None)
    async with ready_page(plant) as page, client_of(page) as client:
        waiting = (await client.get("/lines/a", headers=HTML)).text
        everything = (await client.get("/lines/a?show=all", headers=HTML)).text
        nothing = (await client.get("/lines/a?show=review&answered=&camera=&part=", headers=HTML)).text
        narrow = (await client.get("/lines/a?show=all&camera=none", headers=HTML)).text
    assert waiting.count('class="row ') == 1
    assert f'data-uid="{defect.frame_uid}"' in waiting
    assert everything.count('class="row ') == 3
    assert "No part like this yet" in nothing
    assert "Nothing fits this filter" in narrow


async def test_a_part_shows_its_regions_its_layers_and_what_was_said(plant: Plant) -> None:
    verdict = await plant.judge("a", VerdictKind.DEFECT, **SCORED)
    async with ready_page(plant) as page, client_of(page) as client:
        path = f"/lines/a/frames/{verdict.frame_uid}"
        fresh = (await client.get(path, headers=HTML)).text
        await client.post(
            "/v1/lines/a/answers", json={"answer": "good", "frames": [verdict.frame_id], "why": "oil"}
        )
        asked = (await client.get(f"{path}/part", headers=HTML)).text
    assert f"/v1/frames/a/{verdict.frame_uid}/heatmaps/{version_of('a', 1)}.png" in fresh
    assert '<rect class="edge" x="1" y="2" width="3" height="4">' in fresh
    assert 'data-answer="good"' in fresh
    assert "operator said good</b>: oil" in asked
    assert "Being carried out" in asked


async def test_who_only_looks_is_offered_no_answer(plant: Plant, monkeypatch: pytest.MonkeyPatch) -> None:
    await plant.judge("a", VerdictKind.DEFECT, **SCORED)
    viewer = Principal("vera", Role.VIEWER, "loopback")
    monkeypatch.setattr(reception, "NOBODY_ELSE", viewer)
    async with ready_page(plant) as page, client_of(page) as client:
        shown = (await client.get("/lines/a", headers=HTML)).text
        refused = await client.post("/v1/lines/a/answers", json={"answer": "good", "frames": ["part-1"]})
    assert 'data-answer="good"' not in shown
    assert refused.status_code == 403


async def test_what_a_camera_says_is_never_markup(plant: Plant) -> None:
    hostile = "<script>alert(1)</script>"
    verdict = await plant.judge("a", part_id=hostile, camera='"><img src=x>')
    async with ready_page(plant) as page, client_of(page) as client:
        shown = (await client.get(f"/lines/a/frames/{verdict.frame_uid}", headers=HTML)).text
    assert hostile not in shown
    assert "<img src=x>" not in shown
    assert "&lt;script&gt;" in shown


async def test_pages_hold_no_inline_script_or_style_and_name_no_other_host(plant: Plant) -> None:
    verdict = await plant.judge("a", VerdictKind.DEFECT, **SCORED)
    async with ready_page(plant) as page, client_of(page) as client:
        for path in ("/", "/lines/a", f"/lines/a/frames/{verdict.frame_uid}", "/nowhere", "/lines/a/queue"):
            html = (await client.get(path, headers=HTML)).text
            assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]*src=)", html)
            assert not re.findall(r'(?:src|href)="(?!/|#)', html)


async def test_people_get_refusals_as_a_page(client: httpx.AsyncClient) -> None:
    for path in ("/lines/unknown", f"/lines/a/frames/{unknown_uid()}", "/nowhere", "/lines/Bad"):
        answer = await client.get(path, headers=HTML)
        assert answer.status_code in (404, 422)
        assert "All lines" in answer.text
