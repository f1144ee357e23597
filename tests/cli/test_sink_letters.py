"""``patchline sink-letters``: what a sink could not tell is listed, shown, told again and dropped."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from service.settings import StoreSettings
from service.sinks.letters import SinkLetter, SinkLetters
from service.store import ObjectStore, open_store
from tests.cli.conftest import Command
from tests.sinks.reports import report

NOW = datetime.now(UTC)


@pytest.fixture
def store(tmp_path: Path) -> ObjectStore:
    """The commands' own."""
    return open_store(StoreSettings(url=f"file://{tmp_path}/store"))


def letter(number: int, sink: str = "mes", line: str = "line1", hours: float = 0) -> SinkLetter:
    at = NOW - timedelta(hours=hours)
    told = report(number, line)
    return SinkLetter(sink=sink, reason=f"HTTP 42{number}", set_aside_at=at, report=told)


KEPT = (letter(0, hours=3), letter(1), letter(2, line="line2"), letter(3, sink="plc"))


@pytest.fixture
def kept(store: ObjectStore) -> ObjectStore:
    async def keep() -> None:
        for each in KEPT:
            await SinkLetters(store).keep(each)

    asyncio.run(keep())
    return store


def ids(patchline: Command, *arguments: object) -> list[str]:
    told: Any = patchline("sink-letters", *arguments, "--json").json
    return sorted(letter["id"] for letter in told["letters"])


def those(*numbers: int) -> list[str]:
    return sorted(KEPT[number].id for number in numbers)


def objects(store: ObjectStore, folder: str) -> list[str]:
    async def listed() -> list[str]:
        return sorted([each.key async for each in store.list(folder)])

    return asyncio.run(listed())


@pytest.mark.usefixtures("kept")
def test_letters_are_listed_by_sink_line_reason_time_and_number(patchline: Command) -> None:
    assert ids(patchline, "list") == those(0, 1, 2, 3)
    assert ids(patchline, "list", "--sink", "mes") == those(0, 1, 2)
    assert ids(patchline, "list", "--line", "line2") == those(2)
    assert ids(patchline, "list", "--reason", "421") == those(1)
    assert ids(patchline, "list", "--since", "1h") == those(1, 2, 3)
    assert len(ids(patchline, "list", "--limit", "2")) == 2
    shown = patchline("sink-letters", "show", KEPT[1].id, "--json").json
    assert (shown["reason"], shown["report"]["part_id"]) == ("HTTP 421", "part-1")
    plain = patchline("sink-letters", "list", "--line", "line2")
    assert f"{KEPT[2].id}  " in plain.out
    assert "HTTP 422" in plain.out
    assert plain.err == "1 report listed\n"


def test_what_is_to_be_told_again_is_left_to_its_sink_and_is_a_letter_no_more(
    patchline: Command, kept: ObjectStore
) -> None:
    assert ids(patchline, "replay", "--dry-run") == those(0, 1, 2, 3)
    assert objects(kept, "sink-replays") == []
    assert ids(patchline, "replay", KEPT[1].id) == those(1)
    assert ids(patchline, "replay", "--sink", "plc") == those(3)
    assert ids(patchline, "list") == those(0, 2)
    assert objects(kept, "sink-replays") == [f"sink-replays/{name}.json" for name in those(1, 3)]


def test_what_is_dropped_is_gone_and_nothing_else_is(patchline: Command, kept: ObjectStore) -> None:
    assert ids(patchline, "drop", "--line", "line1", "--sink", "mes", "--dry-run") == those(0, 1)
    assert ids(patchline, "drop", "--line", "line1", "--sink", "mes", "--limit", "1") == those(0)
    assert objects(kept, "sink-letters") == [f"sink-letters/{name}.json" for name in those(1, 2, 3)]


def test_a_letter_that_is_none_is_named_and_hides_no_other(patchline: Command, kept: ObjectStore) -> None:
    async def spoil() -> None:
        await kept.put("sink-letters/mes/line1/junk.json", b"{}")
        # The letter of another: whoever lists by folder must not be led elsewhere.
        await kept.put("sink-letters/mes/line9/moved.json", KEPT[3].to_bytes())

    asyncio.run(spoil())
    told = patchline("sink-letters", "list", "--json").json
    assert sorted(each["id"] for each in told["letters"]) == those(0, 1, 2, 3)
    assert sorted(sentence.split()[0] for sentence in told["skipped"]) == [
        "sink-letters/mes/line1/junk.json",
        "sink-letters/mes/line9/moved.json",
    ]


@pytest.mark.usefixtures("kept")
def test_wrong_use_is_told_in_one_sentence(patchline: Command) -> None:
    for name in ("mes/line1", "mes/line1/nobody", "../../etc/passwd", KEPT[0].id.replace("mes", "other")):
        ended = patchline("sink-letters", "show", name)
        assert (ended.code, ended.sentence.startswith(f"{name!r} is no letter of a sink")) == (2, True)
    ended = patchline("sink-letters", "drop")
    assert (ended.code, ended.sentence.startswith("say which to drop")) == (2, True)
