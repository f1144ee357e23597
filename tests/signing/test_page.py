"""Laws of the page with keys: it signs what it asks for, and shows nothing that strangers wrote."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

from schemas.command import Rebuild
from schemas.line_event import LineEvent
from schemas.reasons import DeadLetterReason, LineEventKind
from schemas.topics import TOPICS, TopicKind
from service.signing.signature import SIGNATURE_HEADER
from service.web.orders import RebuildOrder
from tests.signing.keyring import BANKS, COMMANDS, Keyring, with_keys
from tests.web.conftest import client_of, ready_page
from tests.web.plant import BEGAN, Plant


async def signed_plant(folder: Path, ring: Keyring) -> Plant:
    ring.new("plant", BANKS)
    ring.new("page", COMMANDS)
    plant = Plant(folder)
    plant.settings = with_keys(plant.settings, ring)
    await plant.open()
    return plant


async def test_what_the_page_asks_for_is_signed_with_its_key(tmp_path: Path, ring: Keyring) -> None:
    plant = await signed_plant(tmp_path, ring)
    async with ready_page(plant) as page:
        await page.context.orders.give("line1", RebuildOrder(kind="Rebuild"), "eva")
    reader = await plant.broker.reader(TOPICS[TopicKind.COMMANDS].name(plant.settings.kafka.topic_prefix))
    (record,) = await reader.poll(timeout_ms=10, max_records=10)
    assert record.value is not None
    ring.trust().check_record(COMMANDS, "line1", record.value, record.headers)


async def test_strangers_commands_and_banks_are_not_shown(tmp_path: Path, ring: Keyring) -> None:
    plant = await signed_plant(tmp_path, ring)
    stranger = Rebuild(command_id=uuid4(), line="line1", actor="stranger", issued_at=BEGAN)
    await plant.write(TopicKind.COMMANDS, "line1", stranger)
    ours = stranger.model_copy(update={"command_id": uuid4()})
    page_key = ring.signing("page", COMMANDS).signer
    assert page_key is not None
    headers = page_key.record("line1", ours.to_bytes())
    assert [name for name, _ in headers] == [SIGNATURE_HEADER]
    await plant.write(TopicKind.COMMANDS, "line1", ours, headers=headers)
    await plant.activate("line1", 1)
    async with ready_page(plant) as page:
        view = page.context.view
        assert await view.command(stranger.command_id) is None
        assert await view.command(ours.command_id) is not None
        (line,) = await view.lines()
        assert (line.epoch, line.version) == (1, None)


async def test_what_the_page_says_of_alerts_is_signed_and_a_strangers_snooze_is_none(
    tmp_path: Path, ring: Keyring
) -> None:
    plant = await signed_plant(tmp_path, ring)
    until = datetime.now(UTC) + timedelta(hours=1)
    kind, at = LineEventKind.SNOOZED, datetime.now(UTC)
    forged = LineEvent(kind=kind, line="b", sentence="hush", actor="mallory", until=until, at=at)
    await plant.write(TopicKind.LINE_EVENTS, "b", forged)
    async with ready_page(plant) as page:
        await page.context.alerts.snooze("a", 30, "lunch", "eva")
    async with ready_page(plant) as page:
        snoozes = {line: page.context.alerts.state(line).snooze for line in ("a", "b")}
    assert snoozes["a"] is not None
    assert (snoozes["a"].actor, snoozes["b"]) == ("eva", None)


async def test_the_page_signs_nothing_that_others_sent(tmp_path: Path, ring: Keyring) -> None:
    plant = await signed_plant(tmp_path, ring)
    order = Rebuild(command_id=uuid4(), line="a", actor="mallory", issued_at=BEGAN).to_bytes()
    await plant.set_aside(0, DeadLetterReason.NOT_AN_IMAGE, "a", order)
    async with ready_page(plant) as page, client_of(page) as client:
        answer = await client.post("/v1/dead-letters/replay", json={"ids": ["0/0"]})
        assert answer.json()["done"] == ["0/0"]
    reader = await plant.broker.reader(TOPICS[TopicKind.FRAMES].name(plant.settings.kafka.topic_prefix))
    (record,) = await reader.poll(timeout_ms=10, max_records=10)
    assert record.value == order
    # Else its writer would have the page's signature under a command of his own.
    assert SIGNATURE_HEADER not in dict(record.headers)
