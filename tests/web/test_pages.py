"""The pages: whole without scripts, plain when there is nothing, safe with whatever a camera says."""

import re

import httpx

from schemas.reasons import FaultReason, VerdictKind
from schemas.verdict import Region
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


async def test_a_line_shows_each_verdict_by_word_shape_and_number(plant: Plant) -> None:
    await plant.activate("a", 1)
    await plant.judge("a", VerdictKind.DEFECT, **SCORED)
    await plant.judge("a", VerdictKind.FAULT, reason=FaultReason.FLAT)
    await plant.judge("a", VerdictKind.DROPPED, data=None)
    async with ready_page(plant) as page, client_of(page) as client:
        home = (await client.get("/", headers=HTML)).text
        line = (await client.get("/lines/a", headers=HTML)).text
        chosen = (await client.get("/lines/a?verdict=flagged", headers=HTML)).text
        nothing = (await client.get("/lines/a?verdict=review", headers=HTML)).text
    assert "2,048 vectors from 100 parts" in home
    assert "at most 1 in 100 good parts is called a defect" in home
    assert line.count('class="row"') == 3
    assert FaultReason.FLAT.sentence in line
    assert chosen.count('class="row"') == 1
    assert "Nothing review" in nothing


async def test_a_part_shows_its_regions_its_layers_and_how_to_teach_it(plant: Plant) -> None:
    verdict = await plant.judge("a", VerdictKind.DEFECT, **SCORED)
    async with ready_page(plant) as page, client_of(page) as client:
        path = f"/lines/a/frames/{verdict.frame_uid}"
        fresh = (await client.get(path, headers=HTML)).text
        await client.post("/v1/lines/a/approvals", json={"frames": [verdict.frame_id]})
        asked = (await client.get(path, headers=HTML)).text
    assert f"/v1/frames/a/{verdict.frame_uid}/heatmaps/{version_of('a', 1)}.png" in fresh
    assert '<rect class="edge" x="1" y="2" width="3" height="4">' in fresh
    assert "data-approve" in fresh
    assert "data-approve" not in asked
    assert "Approved, waiting" in asked


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
        for path in ("/", "/lines/a", f"/lines/a/frames/{verdict.frame_uid}", "/nowhere"):
            html = (await client.get(path, headers=HTML)).text
            assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]*src=)", html)
            assert not re.findall(r'(?:src|href)="(?!/|#)', html)


async def test_people_get_refusals_as_a_page(client: httpx.AsyncClient) -> None:
    for path in ("/lines/unknown", f"/lines/a/frames/{unknown_uid()}", "/nowhere", "/lines/Bad"):
        answer = await client.get(path, headers=HTML)
        assert answer.status_code in (404, 422)
        assert "All lines" in answer.text
