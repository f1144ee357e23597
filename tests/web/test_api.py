"""The API: what it answers, and what it refuses."""

import json

import httpx
import pytest

from schemas.command import ApproveGood
from schemas.reasons import VerdictKind
from schemas.topics import TopicKind
from service.store.keys import frame_key, heatmap_key
from tests.web.conftest import Until, client_of, ready_page
from tests.web.plant import PNG, Plant, unknown_uid, version_of

VERSION = version_of("a", 1)


async def test_a_line_tells_what_is_in_force_and_what_it_judged(plant: Plant) -> None:
    await plant.activate("a", 1)
    await plant.judge("a")
    await plant.judge("a", VerdictKind.DEFECT)
    async with ready_page(plant) as page, client_of(page) as client:
        told = (await client.get("/v1/lines/a")).json()
        listed = (await client.get("/v1/lines")).json()
    assert (told["epoch"], told["model"], told["version"]) == (1, "default", VERSION)
    assert (told["bank"]["vectors"], told["bank"]["parts"]) == (2048, 100)
    assert told["counts"] == {"ok": 1, "review": 0, "defect": 1, "fault": 0, "dropped": 0}
    assert told["flagged_share"] == 0.5
    assert told["last"]["verdict"] == "defect"
    assert [line["line"] for line in listed] == ["a"]


@pytest.mark.parametrize(
    "path",
    [
        "/v1/frames/..%2f..%2fetc/passwd",
        "/v1/frames/%2e%2e/00000000-0000-0000-0000-000000000000",
        "/v1/frames/a/..%2f..%2f..%2fetc%2fpasswd",
        f"/v1/frames/A/{unknown_uid()}",
        "/v1/frames/a/not-a-uuid",
        f"/v1/frames/a/{unknown_uid()}/heatmaps/..%2f{'0' * 64}.png",
        f"/v1/frames/a/{unknown_uid()}/heatmaps/{'g' * 64}.png",
        "/v1/lines/..%2fa",
        "/v1/verdicts?line=../a",
        "/v1/verdicts?cursor=1%27--",
        "/v1/commands/1",
        "/static/..%2fapp.py",
        "/static/%2e%2e/app.py",
    ],
)
async def test_traversal_and_malformed_ids_are_refused(client: httpx.AsyncClient, path: str) -> None:
    answer = await client.get(path)
    assert answer.status_code in (404, 422)
    assert answer.headers["content-type"] == "application/problem+json"
    assert "Traceback" not in answer.text
    assert "/work" not in answer.text


@pytest.mark.parametrize("what", ["", "/verdict", f"/heatmaps/{VERSION}.png"])
async def test_an_unknown_frame_is_not_found(client: httpx.AsyncClient, what: str) -> None:
    answer = await client.get(f"/v1/frames/a/{unknown_uid()}{what}")
    assert answer.status_code == 404
    assert answer.json()["detail"]


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (PNG, "image/png"),
        (b"\xff\xd8\xff\xe0", "image/jpeg"),
        (b"RIFF\x00\x00\x00\x00WEBP", "image/webp"),
        (b"<html><script>alert(1)</script>", "application/octet-stream"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "application/octet-stream"),
        (b"", "application/octet-stream"),
    ],
)
async def test_frame_bytes_are_never_served_as_anything_a_browser_runs(
    plant: Plant, client: httpx.AsyncClient, data: bytes, kind: str
) -> None:
    verdict = plant.make("a", data=data)
    await plant.store.put(frame_key("a", verdict.frame_uid), data)
    answer = await client.get(f"/v1/frames/a/{verdict.frame_uid}")
    assert answer.headers["content-type"] == kind
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in answer.headers["content-security-policy"]
    assert answer.headers["content-disposition"].startswith("inline" if "image" in kind else "attachment")
    assert answer.content == data


async def test_a_heatmap_is_found_by_frame_and_version(plant: Plant, client: httpx.AsyncClient) -> None:
    verdict = plant.make("a")
    await plant.store.put(heatmap_key("a", verdict.frame_uid, VERSION), PNG)
    answer = await client.get(f"/v1/frames/a/{verdict.frame_uid}/heatmaps/{VERSION}.png")
    assert answer.content == PNG
    assert "immutable" in answer.headers["cache-control"]


async def test_an_approval_becomes_a_command_that_names_each_frame_once(plant: Plant) -> None:
    await plant.activate("a", 1)
    first = await plant.judge("a", VerdictKind.DEFECT, model="default")
    second = await plant.judge("a", VerdictKind.REVIEW)
    names = [first.frame_id, str(first.frame_uid), str(second.frame_uid)]
    async with ready_page(plant) as page, client_of(page) as client:
        answer = await client.post("/v1/lines/a/approvals", json={"frames": names, "why": "only dust"})
    assert answer.status_code == 202
    assert answer.json()["epoch_before"] == 1
    [(command, headers)] = await plant.commands()
    assert isinstance(command, ApproveGood)
    assert (str(command.command_id), command.line) == (answer.json()["command_id"], "a")
    assert [frame.frame_uid for frame in command.frames] == [first.frame_uid, second.frame_uid]
    assert command.frames[0].frame_sha256 == first.frame_sha256
    assert headers["ce_type"] == b"patchline.command.v1"


async def test_an_approval_names_every_frame_that_is_unknown(
    plant: Plant, page: object, client: httpx.AsyncClient
) -> None:
    answer = await client.post("/v1/lines/a/approvals", json={"frames": ["lost-1", "lost-2"]})
    assert answer.status_code == 404
    assert answer.json()["frames"] == ["lost-1", "lost-2"]
    assert await plant.commands() == []


async def test_a_part_that_cannot_be_taught_is_a_conflict_and_writes_nothing(plant: Plant) -> None:
    shed = await plant.judge("a", VerdictKind.DROPPED, data=None)
    gone = await plant.judge("a", VerdictKind.DEFECT, data=None)
    kept = await plant.judge("a", VerdictKind.DEFECT)
    async with ready_page(plant) as page, client_of(page) as client:
        for frame in (shed, gone):
            asked = {"frames": [kept.frame_id, frame.frame_id]}
            answer = await client.post("/v1/lines/a/approvals", json=asked)
            assert answer.status_code == 409
            assert answer.json()["frames"] == [frame.frame_id]
    assert await plant.commands() == []


async def test_a_frame_id_that_was_used_twice_must_be_named_by_uid(plant: Plant) -> None:
    await plant.judge("a", frame_id="twice")
    await plant.judge("a", frame_id="twice")
    async with ready_page(plant) as page, client_of(page) as client:
        answer = await client.post("/v1/lines/a/approvals", json={"frames": ["twice"]})
    assert answer.status_code == 409


@pytest.mark.parametrize("epoch", [2, None])
async def test_a_command_is_pending_until_its_line_tells_the_result(
    plant: Plant, until: Until, epoch: int | None
) -> None:
    verdict = await plant.judge("a", VerdictKind.DEFECT)
    async with ready_page(plant) as page, client_of(page) as client:
        asked = await client.post("/v1/lines/a/approvals", json={"frames": [verdict.frame_id]})
        path = f"/v1/commands/{asked.json()['command_id']}"
        assert (await client.get(path)).json()["status"] == "pending"
        shown = f"/v1/frames/a/{verdict.frame_uid}/verdict"
        assert (await client.get(shown)).json()["approval"]["status"] == "pending"
        await plant.answer("a", asked.json()["command_id"], epoch=epoch)

        async def told() -> bool:
            return bool((await client.get(path)).json()["status"] != "pending")

        await until(told)
        state = (await client.get(path)).json()
        assert state["status"] == ("done" if epoch else "refused")
        assert state["epoch"] == epoch
        assert len((await client.get("/v1/lines/a/events")).json()) == 1


async def test_a_walk_by_cursor_has_no_gap_while_new_verdicts_arrive(plant: Plant, until: Until) -> None:
    there = [await plant.judge("a") for _ in range(23)]
    walked: list[str] = []
    async with ready_page(plant) as page, client_of(page) as client:
        cursor = None
        while True:
            query = {"line": "a", "limit": "5"} | ({"cursor": cursor} if cursor else {})
            told = (await client.get("/v1/verdicts", params=query)).json()
            walked += [item["frame_uid"] for item in told["verdicts"]]
            cursor = told["next_cursor"]
            if cursor is None:
                break
            newest = await plant.judge("a")
            await until(lambda uid=str(newest.frame_uid): _known(client, uid))  # type: ignore[misc]
    assert walked == [str(verdict.frame_uid) for verdict in reversed(there)]


async def _known(client: httpx.AsyncClient, uid: str) -> bool:
    return (await client.get(f"/v1/frames/a/{uid}/verdict")).status_code == 200


async def test_verdicts_are_chosen_by_line_and_kind(plant: Plant) -> None:
    for kind in VerdictKind:
        await plant.judge("a", kind)
        await plant.judge("b", kind)
    async with ready_page(plant) as page, client_of(page) as client:
        query = {"line": "a", "verdict": ["defect", "review"]}
        told = (await client.get("/v1/verdicts", params=query)).json()
    assert [(item["line"], item["verdict"]) for item in told["verdicts"]] == [
        ("a", "defect"),
        ("a", "review"),
    ]


async def test_dead_letters_are_counted_on_their_line(plant: Plant) -> None:
    await plant.write(TopicKind.DEAD_LETTERS, "a", plant.make("a"))
    await plant.write(TopicKind.DEAD_LETTERS, "No Line", plant.make("a"))
    await plant.judge("a")
    async with ready_page(plant) as page, client_of(page) as client:
        assert (await client.get("/v1/lines/a")).json()["dead_letters"] == 1


async def test_the_api_describes_itself_and_nothing_comes_from_elsewhere(client: httpx.AsyncClient) -> None:
    described = (await client.get("/openapi.json")).json()
    assert "/v1/lines/{line}/approvals" in described["paths"]
    assert not [path for path in described["paths"] if not path.startswith("/v1/")]
    assert "cdn" not in (await client.get("/docs")).text
    assert (await client.get("/redoc")).status_code == 404
    assert "cdn" not in json.dumps(described)
