"""Teaching through the API: hostile pictures stop at the door, trainings are commands, banks are tried."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from schemas.activation import Activated, Published, Thresholds
from schemas.command import TrainLine
from schemas.ids import sha256_hex
from schemas.line_event import LineEvent
from schemas.reasons import FaultReason, LineEventKind, VerdictKind
from schemas.topics import TopicKind
from service.store.keys import bank_key, training_key, upload_key
from service.training.advice import advice
from service.training.report import TrainingReport
from service.web import uploads
from service.web.bench import Judgement, Unjudged
from service.web.body import MAX_PICTURE_BYTES
from service.web.page import Page, fed_page
from tests.parts import draw_part, encode_png
from tests.web.banks import put_in_force, small_file
from tests.web.conftest import Until, client_of, ready_page
from tests.web.plant import BEGAN, PNG, THRESHOLDS, Plant

PART = encode_png(draw_part(1, None, (64, 64)))
AS_IMAGE = {"Content-Type": "image/png"}


class FakeBench:
    """A device that calls what begins with ``bad`` a defect, under any bank but the one in force."""

    def __init__(self, lenient: str = "") -> None:
        self.lenient, self.stopped = lenient, False

    async def judge(
        self, bank: Path, activation: Activated, images: Sequence[bytes]
    ) -> list[Judgement | Unjudged]:
        assert bank.name.startswith(activation.version)
        return [self._told(activation, image) for image in images]

    def _told(self, activation: Activated, image: bytes) -> Judgement | Unjudged:
        if image == PNG:
            return Unjudged(readable=True, reason=FaultReason.FLAT.value, sentence=FaultReason.FLAT.sentence)
        bad = image.endswith(b"bad") and activation.version != self.lenient
        kind = VerdictKind.DEFECT if bad else VerdictKind.OK
        return Judgement(kind, 9.0 if bad else 0.1, 0.01 if bad else 0.9, (), 64, 64, PNG)

    async def stop(self) -> None:
        self.stopped = True


async def test_a_picture_is_stored_by_its_hash_and_shown_as_an_image(plant: Plant) -> None:
    async with ready_page(plant) as page, client_of(page) as client:
        answer = await client.post("/v1/lines/new/pictures?name=a%0Ab.png", content=PART, headers=AS_IMAGE)
        told = answer.json()
        shown = await client.get(f"/v1/lines/new/pictures/{told['sha256']}")
    assert answer.status_code == 201
    assert (told["sha256"], told["name"], told["width"], told["format"]) == (
        sha256_hex(PART),
        "ab.png",
        64,
        "png",
    )
    assert (shown.content, shown.headers["content-type"]) == (PART, "image/png")
    assert await plant.store.exists(upload_key("new", sha256_hex(PART)))


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"<html><script>", "image/png", 422),
        (b"", "image/png", 422),
        (PART[:-20], "image/png", 422),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\xff\xff\xff\xff\xff\xff\xff\xff\x08\x02\0\0\0", "image/png", 422),
        (PART, "text/plain", 415),
        (PART, "multipart/form-data; boundary=x", 415),
        (bytes(MAX_PICTURE_BYTES + 1), "image/png", 413),
    ],
)
async def test_what_is_no_picture_is_refused_and_nothing_is_stored(
    plant: Plant, client: httpx.AsyncClient, body: bytes, kind: str, status: int
) -> None:
    answer = await client.post("/v1/lines/new/pictures", content=body, headers={"Content-Type": kind})
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert [found.key async for found in plant.store.list("uploads")] == []


async def test_a_line_holds_a_bounded_number_of_pictures(
    plant: Plant, client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "MAX_PICTURES", 2)
    parts = [encode_png(draw_part(seed, None, (64, 64))) for seed in range(3)]
    answers = [await client.post("/v1/lines/new/pictures", content=part, headers=AS_IMAGE) for part in parts]
    assert [answer.status_code for answer in answers] == [201, 201, 409]
    again = await client.post("/v1/lines/new/pictures", content=parts[0], headers=AS_IMAGE)
    assert again.status_code == 201
    await plant.store.delete(upload_key("new", sha256_hex(parts[0])))
    room = await client.post("/v1/lines/new/pictures", content=parts[2], headers=AS_IMAGE)
    assert room.status_code == 201


async def test_a_training_is_a_command_whose_report_is_told(plant: Plant, until: Until) -> None:
    waiting = await plant.judge("new", VerdictKind.FAULT, reason=FaultReason.NO_BANK)
    async with ready_page(plant) as page, client_of(page) as client:
        await client.post("/v1/lines/new/pictures", content=PART, headers=AS_IMAGE)
        wanted: dict[str, Any] = {"pictures": [{"sha256": sha256_hex(PART), "name": "a.png"}]}
        wanted |= {"frames": [str(waiting.frame_uid)], "recipe": "fast", "why": "a new line"}
        accepted = (await client.post("/v1/lines/new/trainings", json=wanted)).json()
        path = f"/v1/lines/new/trainings/{accepted['command_id']}"
        pending = (await client.get(path)).json()
        [(command, _)] = await plant.commands()
        await _finish(plant, command.command_id)

        async def done() -> bool:
            return bool((await client.get(path)).json()["command"]["status"] == "done")

        await until(done)
        told = (await client.get(path)).json()
        elsewhere = await client.get(path.replace("/new/", "/other/"))
    assert isinstance(command, TrainLine)
    assert (command.pictures[0].name, command.recipe, command.why) == ("a.png", "fast", "a new line")
    assert command.frames[0].frame_uid == waiting.frame_uid
    assert (pending["command"]["status"], pending["report"]) == ("pending", None)
    assert told["report"]["advice"] == "take more"
    assert elsewhere.status_code == 404


async def _finish(plant: Plant, command_id: Any) -> None:
    report = TrainingReport(
        model="default",
        version="0" * 64,
        recipe="fast",
        parts=8,
        vectors=80,
        size_bytes=1,
        thresholds=THRESHOLDS,
        scores=(0.1, 0.2),
        advice="take more",
        seconds=1,
    )
    key = training_key("new", command_id, "report.json")
    await plant.store.put(key, report.model_dump_json().encode())
    event = LineEvent(
        kind=LineEventKind.COMMAND_DONE, line="new", sentence="made", command_id=command_id, at=BEGAN
    )
    await plant.write(TopicKind.LINE_EVENTS, "new", event)


@pytest.mark.parametrize(
    ("wanted", "status"),
    [
        ({}, 422),
        ({"pictures": [{"sha256": "0" * 64}]}, 404),
        ({"frames": ["nobody"]}, 404),
        ({"frames": ["x"], "recipe": "magic"}, 422),
        ({"pictures": [{"sha256": "../.."}]}, 422),
        ({"frames": ["x"], "alpha": 2}, 422),
    ],
)
async def test_a_training_of_what_is_not_there_is_refused(
    plant: Plant, client: httpx.AsyncClient, wanted: dict[str, Any], status: int
) -> None:
    assert (await client.post("/v1/lines/new/trainings", json=wanted)).status_code == status
    assert await plant.commands() == []


async def test_a_cancel_is_left_for_the_rebuilder_by_name(plant: Plant) -> None:
    async with ready_page(plant) as page, client_of(page) as client:
        await client.post("/v1/lines/new/pictures", content=PART, headers=AS_IMAGE)
        wanted = {"pictures": [{"sha256": sha256_hex(PART), "name": "a.png"}]}
        accepted = (await client.post("/v1/lines/new/trainings", json=wanted)).json()
        path = f"/v1/lines/new/trainings/{accepted['command_id']}"
        assert (await client.delete(path)).status_code == 202
        assert (await client.delete(f"/v1/lines/new/trainings/{uuid4()}")).status_code == 404
        [(command, _)] = await plant.commands()
    assert await plant.store.get(training_key("new", command.command_id, "cancelled"))


async def test_a_published_bank_judges_a_picture_before_it_is_in_force(plant: Plant) -> None:
    data, version = small_file("new", parts=9)
    await plant.store.put(bank_key("new", "default", version), data)
    published = Published(
        **{"line": "new", "model": "default", "version": version, "size_bytes": len(data)},
        vectors=36,
        parts=9,
        radius=0.1,
        published_at=BEGAN,
    )
    await plant.write(TopicKind.BANKS, "new", published)
    bench = FakeBench()
    async with _page(plant, bench) as page, client_of(page) as client:
        bad = PART + b"\0bad"
        await plant.store.put(upload_key("new", sha256_hex(bad)), bad)
        wanted = {"picture": sha256_hex(bad), "alpha": 0.3}
        told = (await client.post(f"/v1/lines/new/versions/{version}/trials", json=wanted)).json()
        drawn = await client.get(told["heatmap_url"])
        nothing = await client.post(f"/v1/lines/new/versions/{'0' * 64}/trials", json=wanted)
        both = await client.post(f"/v1/lines/new/versions/{version}/trials", json={})
    assert (told["verdict"], told["score"]) == ("defect", 9.0)
    assert Thresholds.model_validate(told["thresholds"]).wished_alpha == 0.3
    assert (drawn.content, drawn.headers["content-type"]) == (PNG, "image/png")
    assert (nothing.status_code, both.status_code) == (404, 422)
    assert bench.stopped


async def test_a_shadow_tells_the_flips_and_changes_nothing(plant: Plant, until: Until) -> None:
    active = await put_in_force(plant, "a", 1)
    data, version = small_file("a", parts=12)
    await plant.store.put(bank_key("a", "default", version), data)
    candidate = Published(
        **{"line": "a", "model": "default", "version": version, "size_bytes": len(data)},
        vectors=48,
        parts=12,
        radius=0.1,
        published_at=BEGAN,
    )
    await plant.write(TopicKind.BANKS, "a", candidate)
    for number in range(20):
        await plant.judge("a", data=PART + bytes([number]) + (b"bad" if number < 3 else b"good"))
    await plant.judge("a", data=None)
    bench = FakeBench(lenient=active.version)
    async with _page(plant, bench) as page, client_of(page) as client:
        begun = await client.post("/v1/lines/a/shadows", json={"version": version, "frames": 50})
        path = f"/v1/lines/a/shadows/{begun.json()['shadow_id']}"

        async def done() -> bool:
            return bool((await client.get(path)).json()["state"] == "done")

        await until(done)
        told = (await client.get(path)).json()
        story = (await client.get("/v1/lines/a/epochs")).json()
        unknown = await client.get(f"/v1/lines/a/shadows/{uuid4()}")
    assert begun.status_code == 202
    assert (told["compared"], told["missing"], told["share_done"]) == (20, 1, 1.0)
    assert told["flips"] == {"ok->defect": 3}
    assert {(flip["before"], flip["after"]) for flip in told["flipped"]} == {("ok", "defect")}
    assert [made["version"] for made in story["candidates"]] == [version]
    assert unknown.status_code == 404
    assert await plant.commands() == []


@asynccontextmanager
async def _page(plant: Plant, bench: FakeBench) -> AsyncIterator[Page]:
    async with fed_page(plant.settings, plant.broker, plant.store, bench) as page:
        await page.feed.ready()
        yield page


async def test_advice_is_that_of_the_training_and_refuses_what_is_no_number(
    client: httpx.AsyncClient,
) -> None:
    told = (await client.get("/v1/advice?parts=12&alpha=0.05")).json()
    wanted = advice(12, 0.05)
    assert (told["standing"], told["sentence"]) == (wanted.standing.value, wanted.sentence)
    assert (told["alpha"], told["aim"]) == (wanted.alpha, wanted.aim)
    assert (await client.get("/v1/advice?parts=0")).json()["alpha"] is None
    for wrong in ("parts=-1", "parts=many", "parts=5&alpha=0", "parts=5&alpha=1", ""):
        assert (await client.get(f"/v1/advice?{wrong}")).status_code == 422
