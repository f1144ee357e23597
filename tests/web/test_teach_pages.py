"""The teach, threshold, system and wizard pages: whole without scripts, and safe with hostile words."""

import httpx
import pytest

from schemas.reasons import FaultReason, VerdictKind
from tests.web.banks import put_in_force
from tests.web.conftest import client_of, ready_page
from tests.web.plant import Plant

HOSTILE = "<script>alert(1)</script>'\""


async def test_the_teach_page_tells_the_story_and_escapes_what_people_wrote(plant: Plant) -> None:
    await put_in_force(plant, "a", 1, why=HOSTILE, actor=HOSTILE)
    await put_in_force(plant, "a", 2, parts=10)
    async with ready_page(plant) as page, client_of(page) as client:
        html = (await client.get("/lines/a/bank")).text
    assert HOSTILE not in html
    assert "&lt;script&gt;" in html
    assert "In force: epoch 2" in html
    assert html.count('id="part-') == 10
    assert "Go back to this" in html


@pytest.mark.parametrize("path", ["/lines/new/bank", "/lines/new/threshold", "/new-line?line=new", "/system"])
async def test_a_line_without_a_bank_leads_to_the_wizard(plant: Plant, path: str) -> None:
    await plant.judge("new", VerdictKind.FAULT, reason=FaultReason.NO_BANK)
    async with ready_page(plant) as page, client_of(page) as client:
        answer = await client.get(path, headers={"Accept": "text/html"})
    assert answer.status_code == 200, answer.text
    assert "new" in answer.text


async def test_a_bank_that_is_lost_leaves_its_story(plant: Plant) -> None:
    await plant.activate("a", 1)
    async with ready_page(plant) as page, client_of(page) as client:
        html = (await client.get("/lines/a/bank")).text
        threshold = (await client.get("/lines/a/threshold")).text
    assert "cannot be looked into" in html
    assert 'id="epoch-1"' in html
    assert "No thresholds" in threshold


async def test_the_threshold_page_has_the_rates_in_force(plant: Plant) -> None:
    await put_in_force(plant, "a", 1)
    async with ready_page(plant) as page, client_of(page) as client:
        html = (await client.get("/lines/a/threshold")).text
    assert 'id="alpha"' in html
    assert 'value="20"' in html
    assert 'role="slider"' in html


async def test_the_system_page_stands_without_redis(client: httpx.AsyncClient) -> None:
    told = (await client.get("/v1/system")).json()
    assert told["workers"] == []
    assert "Redis does not answer" in told["troubles"][0]
    assert [one["lag"] for one in told["partitions"]] == [0, 0]
    assert told["retention"] is None
