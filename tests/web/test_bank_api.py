"""The bank through the API: its story, its parts, and what other rates would change."""

from uuid import uuid4

from schemas.line_event import LineEvent
from schemas.reasons import CommandKind, Gate, LineEventKind, VerdictKind
from schemas.topics import TopicKind
from tests.web.banks import put_in_force
from tests.web.conftest import client_of, ready_page
from tests.web.plant import BEGAN, PNG, Plant


async def test_the_story_tells_every_epoch_with_its_command_and_what_was_refused(plant: Plant) -> None:
    await put_in_force(plant, "a", 1, why="the first", actor="quality")
    command = uuid4()
    await put_in_force(plant, "a", 2, parts=10, command_id=command)
    done, refused = LineEventKind.COMMAND_DONE, LineEventKind.COMMAND_REFUSED
    told = {"line": "a", "command_kind": CommandKind.APPROVE_GOOD, "at": BEGAN}
    events = [
        LineEvent(kind=done, sentence="grown", command_id=command, epoch=2, parts_added=1, **told),
        LineEvent(kind=refused, sentence="no", command_id=uuid4(), gate=Gate.CANARY_SILENT, **told),
    ]
    for event in events:
        await plant.write(TopicKind.LINE_EVENTS, "a", event)
    async with ready_page(plant) as page, client_of(page) as client:
        story = (await client.get("/v1/lines/a/epochs")).json()
        one = (await client.get("/v1/lines/a/epochs?limit=1")).json()
        rest = (await client.get(f"/v1/lines/a/epochs?before={one['next_before']}")).json()
        change = (await client.get("/v1/lines/a/epochs/2/change")).json()
        missing = await client.get("/v1/lines/a/epochs/3/change")
    assert [epoch["epoch"] for epoch in story["epochs"]] == [2, 1]
    assert story["epochs"][0]["result"]["parts_added"] == 1
    assert story["epochs"][1]["activation"]["why"] == "the first"
    assert story["epochs"][1]["result"] is None
    assert [(event["gate"], event["sentence"]) for event in story["refusals"]] == [("canary-silent", "no")]
    assert [epoch["epoch"] for page in (one, rest) for epoch in page["epochs"]] == [2, 1]
    assert [part["name"] for part in change["added"]] == ["part 9.jpg"]
    assert change["removed"] == []
    assert missing.status_code == 404


async def test_a_bank_lists_its_parts_with_vectors_and_pictures_and_is_not_sent_twice(plant: Plant) -> None:
    active = await put_in_force(plant, "a", 1)
    async with ready_page(plant) as page, client_of(page) as client:
        answer = await client.get("/v1/lines/a/bank")
        again = await client.get("/v1/lines/a/bank", headers={"If-None-Match": answer.headers["etag"]})
        bank = answer.json()
        picture = await client.get(f"/v1/lines/a/parts/{bank['parts'][3]['sha256']}")
        nothing = await client.get(f"/v1/lines/a/parts/{'0' * 64}")
        unknown = await client.get(f"/v1/lines/a/bank?version={'0' * 64}")
    assert (bank["version"], bank["epoch"], bank["vectors"]) == (active.version, 1, 36)
    assert [part["vectors"] for part in bank["parts"]] == [4] * 9
    assert bank["scores"] == sorted(bank["scores"])
    assert len(bank["scores"]) == 9
    assert picture.content == PNG + bytes([3])
    assert "immutable" in picture.headers["cache-control"]
    assert (again.status_code, again.content) == (304, b"")
    assert (nothing.status_code, unknown.status_code) == (404, 404)


async def test_a_preview_counts_recent_frames_under_other_rates(plant: Plant) -> None:
    active = await put_in_force(plant, "a", 1)
    scored = {"bank_version": active.version, "model": "default", "epoch": 1}
    for kind, score in ((VerdictKind.OK, 0.0), (VerdictKind.OK, 0.5), (VerdictKind.DEFECT, 9.0)):
        await plant.judge("a", kind, score=score, **scored)
    await plant.judge("a", VerdictKind.DEFECT, score=9.0, bank_version="0" * 64)
    async with ready_page(plant) as page, client_of(page) as client:
        facts = (await client.get("/v1/lines/a/thresholds")).json()
        wide = (await client.get("/v1/lines/a/thresholds/preview?alpha=0.95&review_alpha=0.99")).json()
        thin = (await client.get("/v1/lines/a/thresholds/preview?alpha=0.001&review_alpha=0.2")).json()
        wrong = await client.get("/v1/lines/a/thresholds/preview?alpha=0.5&review_alpha=0.1")
    assert facts["epoch"] == 1
    assert [frame["score"] for frame in facts["recent"]] == [9.0, 0.5, 0.0]
    assert sum(wide["then"].values()) == sum(wide["now"].values()) == 3
    assert wide["then"]["defect"] >= wide["now"]["defect"] >= 1
    assert thin["thresholds"]["alpha"] == 0.1
    assert "needs at least 999 parts" in thin["sentence"]
    assert wrong.status_code == 422
