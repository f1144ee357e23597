"""Answers: what a person says follows from the topics alone, can be taken back, and is nobody else's to give
meanwhile."""

import asyncio
import time
from datetime import UTC, datetime
from pathlib import Path

import httpx
from hypothesis import given
from hypothesis import strategies as st

from schemas.command import MarkUnsure, RemovePart, RetireCanary, Rollback
from schemas.reasons import VerdictKind
from service.accounts.roles import Role
from service.accounts.tokens import Wish
from service.web.claims import Claims, Holder
from service.web.page import VIEW_FILE
from tests.web.conftest import Until, client_of, ready_page
from tests.web.plant import Plant, version_of
from tests.web.staff import ROOT, Staff

OPEN = "/v1/verdicts?line=a&answered=false"
SCORED = {"model": "default", "epoch": 1, "bank_version": version_of("a", 1), "score": 1.5, "threshold": 1.0}
ONE, TWO = "page-one-1", "page-two-2"


async def names(client: httpx.AsyncClient, path: str) -> list[str]:
    return [item["frame_id"] for item in (await client.get(path)).json()["verdicts"]]


async def say(client: httpx.AsyncClient, answer: str, *frames: str, **more: str) -> httpx.Response:
    body = {"answer": answer, "frames": list(frames), **more}
    return await client.post("/v1/lines/a/answers", json=body)


async def test_answered_state_is_refilled_from_the_topics(plant: Plant, tmp_path: Path) -> None:
    for name in ("one", "two", "three", "four"):
        await plant.judge("a", VerdictKind.DEFECT, frame_id=name, **SCORED)
    async with ready_page(plant) as page, client_of(page) as client:
        for answer, name in (("good", "one"), ("defect", "two"), ("unsure", "three")):
            assert (await say(client, answer, name, why=f"{name} seen")).status_code == 202
        before = (await client.get("/v1/verdicts?line=a")).json()
        assert await names(client, OPEN) == ["four"]
    (tmp_path / VIEW_FILE).unlink()
    async with ready_page(plant) as page, client_of(page) as client:
        assert (await client.get("/v1/verdicts?line=a")).json() == before
        assert await names(client, OPEN) == ["four"]
        summary = (await client.get("/v1/lines/a")).json()
    kinds = {item["frame_id"]: item["answer"] and item["answer"]["kind"] for item in before["verdicts"]}
    assert kinds == {"one": "good", "two": "defect", "three": "unsure", "four": None}
    assert summary["open"] == {"review": 0, "defect": 1}


async def test_a_refused_answer_waits_for_another_and_says_why(plant: Plant, until: Until) -> None:
    await plant.judge("a", VerdictKind.DEFECT, frame_id="one", **SCORED)
    async with ready_page(plant) as page, client_of(page) as client:
        [accepted] = (await say(client, "good", "one")).json()
        assert await names(client, OPEN) == []
        await plant.answer("a", accepted["command_id"], epoch=None)

        async def open_again() -> bool:
            return await names(client, OPEN) == ["one"]

        await until(open_again)
        [item] = (await client.get(OPEN)).json()["verdicts"]
        assert item["answer"]["standing"] is False
        assert item["answer"]["command"]["sentence"] == "The part looks like a known defect."
        assert (await say(client, "defect", "one")).status_code == 202


async def test_what_has_an_answer_is_not_answered_again(plant: Plant) -> None:
    await plant.judge("a", VerdictKind.DEFECT, frame_id="one", **SCORED)
    async with ready_page(plant) as page, client_of(page) as client:
        await say(client, "good", "one")
        again = await say(client, "defect", "one")
        assert again.status_code == 409
        assert "said good of frame one already" in again.json()["detail"]
        assert len(await plant.commands()) == 1


async def test_of_two_answers_at_the_same_moment_one_is_given(plant: Plant) -> None:
    await plant.judge("a", VerdictKind.DEFECT, frame_id="one", **SCORED)
    async with ready_page(plant) as page, client_of(page) as client:
        said = await asyncio.gather(*(say(client, answer, "one") for answer in ("good", "defect") * 4))
        assert sorted(response.status_code for response in said) == [202] + [409] * 7
        assert len(await plant.commands()) == 1


async def test_undo_goes_back_where_it_undoes_nothing_else_and_else_removes_the_part(
    plant: Plant, until: Until
) -> None:
    await plant.activate("a", 1)
    frames = {
        name: await plant.judge("a", VerdictKind.DEFECT, frame_id=name, **SCORED)
        for name in ("one", "two", "three", "four")
    }
    async with ready_page(plant) as page, client_of(page) as client:

        async def undo(name: str) -> None:
            path = f"/v1/lines/a/frames/{frames[name].frame_uid}/undo"
            assert (await client.post(path, json={})).status_code == 202

        async def at_epoch_2() -> bool:
            line = (await client.get("/v1/lines/a")).json()
            items = (await client.get("/v1/verdicts?line=a&answered=true")).json()["verdicts"]
            return line["epoch"] == 2 and any(item["answer"]["command"]["status"] == "done" for item in items)

        [accepted] = (await say(client, "good", "one")).json()
        await plant.activate("a", 2)
        await plant.answer("a", accepted["command_id"], epoch=2)
        await until(at_epoch_2)
        await undo("one")
        for answer, name in (("good", "two"), ("defect", "three"), ("unsure", "four")):
            await say(client, answer, name)
            await undo(name)
        assert sorted(await names(client, OPEN)) == ["four", "one", "three", "two"]
        nothing = await client.post(f"/v1/lines/a/frames/{frames['one'].frame_uid}/undo", json={})
        assert nothing.status_code == 409
    made = [command for command, _ in await plant.commands() if command.undoes is not None]
    assert [type(command) for command in made] == [Rollback, RemovePart, RetireCanary, MarkUnsure]
    assert isinstance(made[0], Rollback)
    assert (made[0].to_epoch, made[0].based_on_epoch) == (1, 2)


async def test_nobody_is_given_a_part_that_somebody_is_answering(plant: Plant) -> None:
    verdict = await plant.judge("a", VerdictKind.DEFECT, frame_id="one", **SCORED)
    uid = str(verdict.frame_uid)
    async with ready_page(plant) as page, client_of(page) as client:

        async def claim(holder: str, *uids: str) -> dict[str, object]:
            answer = await client.put(f"/v1/lines/a/claims/{holder}", json={"frames": list(uids)})
            return dict(answer.json())

        assert (await claim(ONE, uid))["held"] == [uid]
        assert (await claim(TWO, uid)) == {"held": [], "taken": [{"frame_uid": uid, "name": "operator"}]}
        assert (await say(client, "good", uid, holder=TWO)).status_code == 409
        assert (await client.request("DELETE", f"/v1/lines/a/claims/{ONE}", json={})).status_code == 204
        assert (await claim(TWO, uid))["held"] == [uid]
        assert (await say(client, "good", uid, holder=TWO)).status_code == 202
        assert (await client.get("/v1/lines/a/claims")).json()["claims"] == []


async def test_a_claim_is_let_go_and_used_by_its_holder_alone(plant: Plant, staff: Staff) -> None:
    uid = str((await plant.judge("a", VerdictKind.DEFECT, frame_id="one", **SCORED)).frame_uid)
    place = f"/v1/lines/a/claims/{ONE}"
    async with ready_page(plant) as page, client_of(page) as otto, client_of(page) as olga:
        otto.headers.update(bearer(staff, "otto"))
        olga.headers.update(bearer(staff, "olga"))
        assert (await otto.put(place, json={"frames": [uid]})).json()["held"] == [uid]
        refused = await olga.request("DELETE", place, json={})
        assert (refused.status_code, refused.json()["detail"][:10]) == (403, "otto holds")
        taken = [{"frame_uid": uid, "name": "otto"}]
        assert (await olga.put(place, json={"frames": [uid]})).json() == {"held": [], "taken": taken}
        assert (await olga.get(f"/v1/lines/a/claims?holder={ONE}")).json()["claims"] == taken
        for name in (uid, uid.upper(), "one"):
            assert (await say(olga, "good", name, holder=ONE)).status_code == 409
        assert (await otto.request("DELETE", place, json={})).status_code == 204
        assert (await olga.put(place, json={"frames": [uid]})).json()["held"] == [uid]


def bearer(staff: Staff, name: str) -> dict[str, str]:
    wish = Wish(name, Role.OPERATOR, "test", int(time.time()) + 600, None)
    return {"Authorization": f"Bearer {staff.accounts.new_token(wish, ROOT)[1]}"}


@given(
    st.lists(
        st.tuples(
            st.sampled_from([ONE, TWO]), st.lists(st.sampled_from("abcd"), unique=True), st.integers(0, 40)
        ),
        max_size=30,
    )
)
def test_no_part_is_held_twice_and_none_for_ever(steps: list[tuple[str, list[str], int]]) -> None:
    now = 0.0
    claims = Claims(seconds=45, clock=lambda: now)
    held: dict[str, tuple[list[str], float]] = {}
    for holder, uids, pause in steps:
        got, taken = claims.hold("a", Holder("eve", holder), uids)
        assert sorted([*got, *(claim.frame_uid for claim in taken)]) == sorted(uids)
        held[holder] = (got, now)
        fresh = [uid for got, since in held.values() if now - since < 45 for uid in got]
        assert len(fresh) == len(set(fresh))
        now += pause
    now += 45
    assert claims.of_others("a", None) == []


async def test_filters_agree_with_looking_at_every_verdict(plant: Plant) -> None:
    made = []
    kinds = [VerdictKind.OK, VerdictKind.REVIEW, VerdictKind.DEFECT]
    for at in range(60):
        facts = {"camera": f"cam-{at % 3}", "part_id": f"P-{at % 7}{at}", "frame_id": f"f-{at}"}
        made.append(await plant.judge(f"{'ab'[at % 2]}", kinds[at % 5 % 3], data=None, **facts))
    async with ready_page(plant) as page, client_of(page) as client:
        for query, means in (
            ("line=a", lambda v: v.line == "a"),
            ("verdict=review&verdict=defect", lambda v: v.verdict in kinds[1:]),
            ("line=b&camera=cam-1", lambda v: (v.line, v.camera) == ("b", "cam-1")),
            ("camera=cam-2&verdict=ok", lambda v: (v.camera, v.verdict) == ("cam-2", "ok")),
            ("line=a&part=P-2", lambda v: v.line == "a" and v.part_id.startswith("P-2")),
            ("part=f-17", lambda v: v.frame_id == "f-17"),
            (f"part={made[5].frame_uid}&line=b", lambda v: v is made[5]),
            (
                f"since={stamp(made[10].inspected_at)}&until={stamp(made[20].inspected_at)}",
                lambda v: made[10].inspected_at <= v.inspected_at < made[20].inspected_at,
            ),
        ):
            wanted = [verdict.frame_id for verdict in reversed(made) if means(verdict)]
            assert await walked(client, query) == wanted, query


def stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


async def walked(client: httpx.AsyncClient, query: str) -> list[str]:
    """All pages of seven, one after the other."""
    found, cursor = [], ""
    while True:
        page = (await client.get(f"/v1/verdicts?{query}&limit=7{cursor}")).json()
        found += [item["frame_id"] for item in page["verdicts"]]
        if page["next_cursor"] is None:
            return found
        cursor = f"&cursor={page['next_cursor']}"


async def test_an_export_has_every_verdict_that_is_meant_and_computes_nothing(plant: Plant) -> None:
    for at in range(3):
        await plant.judge("a", VerdictKind.DEFECT, frame_id=f"f-{at}", part_id="=1+1", **SCORED)
    await plant.judge("b")
    async with ready_page(plant) as page, client_of(page) as client:
        await say(client, "unsure", "f-1", why="dark")
        table = await client.get("/v1/verdicts/export?line=a")
        lines = await client.get("/v1/verdicts/export?line=a&format=jsonl&answered=true")
    head, *rows = table.text.splitlines()
    assert head.startswith("inspected_at,line,frame_id,")
    assert len(rows) == 3
    assert all(",'=1+1," in row for row in rows)
    assert rows[1].endswith(",dark")
    assert [line.count('"frame_id":"f-1"') for line in lines.text.splitlines()] == [1]
    assert "attachment" in table.headers["content-disposition"]
