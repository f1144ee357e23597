"""Dead letters through the API: listed, looked at without harm, sent again, let go."""

from schemas.reasons import DeadLetterReason
from schemas.topics import TOPICS, TopicKind
from service.letters.selection import every_record
from tests.web.conftest import client_of, ready_page
from tests.web.plant import Plant

HTML = b"<html><script>alert(1)</script>"


async def test_letters_are_listed_newest_first_and_counted_by_reason(plant: Plant) -> None:
    for offset in range(5):
        await plant.set_aside(offset, DeadLetterReason.TRUNCATED, "a", b"x")
    await plant.set_aside(5, DeadLetterReason.BAD_LINE_ID, "No Line", b"y")
    async with ready_page(plant) as page, client_of(page) as client:
        first = (await client.get("/v1/dead-letters?limit=4")).json()
        rest = (await client.get(f"/v1/dead-letters?limit=4&cursor={first['next_cursor']}")).json()
        chosen = (await client.get("/v1/dead-letters?reason=bad-line-id")).json()
    assert [letter["id"] for letter in first["letters"]] == ["0/5", "0/4", "0/3", "0/2"]
    assert [letter["id"] for letter in rest["letters"]] == ["0/1", "0/0"]
    assert rest["next_cursor"] is None
    assert first["counts"] == {"truncated": 5, "bad-line-id": 1}
    assert [letter["line"] for letter in chosen["letters"]] == [None]


async def test_hostile_bytes_are_only_ever_a_file(plant: Plant) -> None:
    await plant.set_aside(0, DeadLetterReason.NOT_AN_IMAGE, "a", HTML)
    async with ready_page(plant) as page, client_of(page) as client:
        answer = await client.get("/v1/dead-letters/0/0/bytes")
    assert answer.content == HTML
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"] == 'attachment; filename="0-0.bin"'
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in answer.headers["content-security-policy"]


async def test_a_replayed_letter_is_sent_again_and_listed_no_longer(plant: Plant) -> None:
    await plant.set_aside(0, DeadLetterReason.BAD_HEADER, "a", b"picture")
    await plant.set_aside(1, DeadLetterReason.BAD_LINE_ID, "No Line", b"picture")
    await plant.set_aside(2, DeadLetterReason.TRUNCATED, "a", b"half")
    async with ready_page(plant) as page, client_of(page) as client:
        told = (await client.post("/v1/dead-letters/replay", json={"ids": ["0/0", "0/1"]})).json()
        named = await client.post("/v1/dead-letters/replay", json={"ids": ["0/1"], "as_line": "b"})
        await client.post("/v1/dead-letters/drop", json={"ids": ["0/2"]})
        left = (await client.get("/v1/dead-letters")).json()
        every = (await client.get("/v1/dead-letters?state=all")).json()
    assert told["done"] == ["0/0"]
    assert "has no line" in told["skipped"][0]
    assert named.json()["done"] == ["0/1"]
    assert left == {"letters": [], "counts": {}, "next_cursor": None}
    assert [letter["state"] for letter in every["letters"]] == ["dropped", "replayed", "replayed"]
    topic = TOPICS[TopicKind.FRAMES].name(plant.settings.kafka.topic_prefix)
    sent = [(record.key, record.value) async for record in every_record(plant.broker, topic)]
    assert sorted(sent) == [(b"a", b"picture"), (b"b", b"picture")]


async def test_an_unknown_letter_is_not_found_and_a_malformed_id_is_refused(plant: Plant) -> None:
    async with ready_page(plant) as page, client_of(page) as client:
        assert (await client.get("/v1/dead-letters/0/7")).status_code == 404
        assert (await client.post("/v1/dead-letters/drop", json={"ids": ["0/7"]})).status_code == 404
        assert (await client.post("/v1/dead-letters/drop", json={"ids": ["../x"]})).status_code == 422
        assert (await client.get("/v1/dead-letters?cursor=1%27--")).status_code == 422
