"""Alerts on the page: in groups, quiet when somebody says so, closed with a reason, and never gone."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from schemas.reasons import VerdictKind
from service.web.page import VIEW_FILE
from tests.web.conftest import Until, client_of, ready_page
from tests.web.plant import Plant


async def test_snooze_and_closing_are_in_the_log_and_survive_the_view(plant: Plant, tmp_path: Path) -> None:
    now = datetime.now(UTC)
    for second in range(5):
        await plant.judge("a", VerdictKind.DEFECT, inspected_at=now - timedelta(seconds=60 - second))
    async with ready_page(plant) as page, client_of(page) as client:
        await page.feed.rung()
        [group] = (await client.get("/v1/lines/a/alerts")).json()["groups"]
        assert (group["defects"], group["closed_by"]) == (5, None)
        await client.post("/v1/lines/a/alerts/snooze", json={"minutes": 10, "why": "lunch"})
        path = f"/v1/lines/a/alerts/{group['group_id']}/close"
        before = (await client.post(path, json={"why": "oil on the lens"})).json()
        assert (await client.post(path, json={"why": "again"})).status_code == 409
    (tmp_path / VIEW_FILE).unlink()
    async with ready_page(plant) as page, client_of(page) as client:
        await page.feed.rung()
        after = (await client.get("/v1/lines/a/alerts")).json()
        summary = (await client.get("/v1/lines/a")).json()
    assert after == before
    assert (after["groups"][0]["closed_why"], after["snooze"]["why"]) == ("oil on the lens", "lunch")
    assert summary["alerts_open"] == 0
    assert summary["snoozed_until"] is not None


async def test_a_new_alert_opens_a_group_live(plant: Plant, until: Until) -> None:
    async with ready_page(plant) as page, client_of(page) as client:
        await page.feed.rung()
        await plant.judge("a", VerdictKind.REVIEW, inspected_at=datetime.now(UTC))

        async def told() -> bool:
            answer = await client.get("/v1/lines/a/alerts")
            return answer.status_code == 200 and len(answer.json()["groups"]) == 1

        await until(told)
