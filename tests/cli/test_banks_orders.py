"""Commands that change a bank: what the page is asked for, and what a refusal becomes."""

import asyncio
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from schemas.line_event import LineEvent
from schemas.reasons import CommandKind, Gate, LineEventKind
from service.banks.manifest import PartEntry
from service.settings import KafkaSettings
from service.stream.kafka_broker import KafkaBroker
from tests.cli.conftest import Command
from tests.cli.page import Page, state
from workers.cli.bank_parts import matching

ORDERS: list[tuple[tuple[str, ...], dict[str, Any]]] = [
    (("banks", "rebuild", "line1"), {"kind": "Rebuild"}),
    (("banks", "rebuild", "line1", "--model", "lid"), {"kind": "Rebuild", "model": "lid"}),
    (("banks", "rollback", "line1"), {"kind": "Rollback"}),
    (("banks", "rollback", "line1", "--to", "3"), {"kind": "Rollback", "to_epoch": 3}),
    (("banks", "activate", "line1", "--model", "lid"), {"kind": "Activate", "model": "lid"}),
    (
        ("banks", "activate", "line1", "--model", "lid", "--version", "ab" * 32),
        {"kind": "Activate", "model": "lid", "version": "ab" * 32},
    ),
    (("banks", "retire-canary", "line1", "a.png"), {"kind": "RetireCanary", "frame": "a.png"}),
    (("confirm-defect", "line1", "a.png"), {"kind": "ConfirmDefect", "frame": "a.png"}),
    (
        ("maintenance", "line1", "--from", "2026-02-01T10:00:00Z", "--until", "2026-02-01T12:00:00+01:00"),
        {"kind": "SetMaintenance", "start": "2026-02-01T10:00:00+00:00", "end": "2026-02-01T11:00:00+00:00"},
    ),
    (("maintenance", "line1", "--end"), {"kind": "SetMaintenance", "off": True}),
]


@pytest.mark.parametrize(("arguments", "body"), ORDERS, ids=lambda value: " ".join(value))
def test_a_command_asks_the_page_and_waits_for_its_result(
    patchline: Command, page: type[Page], arguments: tuple[str, ...], body: dict[str, Any]
) -> None:
    page.answers["GET"] = state("done", "epoch 4: as asked", 4)
    ended = patchline(*arguments, "--why", "new light")
    assert (ended.code, ended.out, ended.err) == (0, "epoch 4: as asked\n", "")
    assert page.asked == [("/v1/lines/line1/commands", {**body, "why": "new light"})]
    assert patchline(*arguments, "--json").json["epoch"] == 4


@pytest.mark.parametrize("arguments", [order for order, _ in ORDERS], ids=" ".join)
def test_a_refusal_is_exit_2_with_its_sentence(
    patchline: Command, page: type[Page], arguments: tuple[str, ...]
) -> None:
    page.answers["GET"] = state("refused", "line line1 has no epoch 9: it is at epoch 3")
    ended = patchline(*arguments)
    assert (ended.code, ended.out) == (2, "")
    assert ended.sentence == "line line1 has no epoch 9: it is at epoch 3"


def test_an_audit_is_asked_for_as_one(patchline: Command, page: type[Page]) -> None:
    page.answers["GET"] = state("done", "as asked", 2)
    assert patchline("approve", "line1", "a.png", "--audit").code == 0
    assert page.asked == [("/v1/lines/line1/approvals", {"frames": ["a.png"], "why": "", "audit": True})]


def test_a_part_is_named_by_its_file_and_removed_by_its_sha256(
    patchline: Command, installation: str, page: type[Page], good: Path
) -> None:
    page.answers["GET"] = state("done", "removed", 2)
    assert patchline("train", "line1", "--good", good, "--publish").code == 0
    assert patchline("banks", "remove-part", "line1", "part-003.png").code == 0
    ((path, body),) = page.asked
    assert (path, body["kind"], body["model"]) == ("/v1/lines/line1/commands", "RemovePart", "default")
    assert patchline("banks", "remove-part", "line1", body["part"][:8]).code == 0
    assert page.asked[1][1]["part"] == body["part"]
    ended = patchline("banks", "remove-part", "line1", "nobody.png")
    assert ended.code == 2
    assert ended.sentence == "line1/default has no part 'nobody.png' in its bank: nothing is removed"
    ended = patchline("banks", "remove-part", "line9", "part-003.png")
    assert (ended.code, ended.sentence.startswith("line line9 has no bank: ")) == (2, True)


def test_a_part_goes_by_its_name_its_part_id_or_the_beginning_of_its_sha256() -> None:
    one = PartEntry(sha256="abcdef" + "0" * 58, name="a.png", part_id="p-1")
    two = PartEntry(sha256="abcdef" + "1" * 58, name="a.png")
    assert matching((one, two), "a.png") == [one, two]
    assert matching((one, two), "p-1") == [one]
    assert matching((one, two), "ABCDEF0") == [one]
    assert matching((one, two), "abcde") == []


def put_events(prefix: str, *events: LineEvent) -> None:
    async def put() -> None:
        broker = KafkaBroker(KafkaSettings(bootstrap=os.environ["PATCHLINE_KAFKA__BOOTSTRAP"]))
        producer = await broker.producer()
        for event in events:
            topic = f"{prefix}line-events"
            await producer.send(topic, key=event.line.encode(), value=event.to_bytes(), partition=0)
        await producer.send(f"{prefix}line-events", key=b"line1", value=b"no event", partition=0)
        await broker.close()

    asyncio.run(put())


def refusal(line: str, command: UUID, sentence: str) -> LineEvent:
    return LineEvent(
        kind=LineEventKind.COMMAND_REFUSED,
        line=line,
        sentence=sentence,
        command_id=command,
        command_kind=CommandKind.APPROVE_GOOD,
        actor="ann",
        gate=Gate.CANARY_SILENT,
        at=datetime.now(UTC),
    )


def test_the_log_tells_epochs_and_refusals_with_their_gates(
    patchline: Command, installation: str, good: Path
) -> None:
    assert patchline("train", "line1", "--good", good, "--publish", "--why", "first").code == 0
    command = UUID(int=1)
    put_events(
        installation,
        refusal("line1", command, "part a.png would silence canary b.png"),
        refusal("line1", command, "said again by a rebuilder that came back"),
        refusal("line2", UUID(int=2), "of another line"),
    )
    epoch, refused = patchline("banks", "log", "line1", "--json").json["entries"]
    assert (epoch["what"], epoch["epoch"], epoch["why"]) == ("epoch", 1, "first")
    assert (refused["what"], refused["gate"], refused["actor"]) == ("refused", "canary-silent", "ann")
    assert refused["sentence"] == "part a.png would silence canary b.png"
    table = patchline("banks", "log", "line1").out
    assert "canary-silent" in table
    assert "would silence canary b.png" in table
    ended = patchline("banks", "log", "line7")
    assert (ended.code, ended.sentence.startswith("nothing was ever told of line line7")) == (2, True)


def test_maintenance_without_a_window_tells_what_is_planned(patchline: Command, page: type[Page]) -> None:
    window = {"start": "2026-02-01T10:00:00Z", "end": "2026-02-01T11:00:00Z", "actor": "ann", "why": "lamp"}
    page.answers["GET"] = 200, {"line": "line1", "now": False, "windows": [window]}
    ended = patchline("maintenance", "line1")
    assert (ended.code, ended.out.startswith("not judged from 2026-02-01 ")) == (0, True)
    assert ended.out.endswith(", by ann: lamp\n")
    assert patchline("maintenance", "line1", "--json").json["windows"] == [window]
    assert page.asked == []
    assert patchline("maintenance", "line1", "--from", "1h").code == 2
    assert patchline("maintenance", "line1", "--until", "soon").code == 2
