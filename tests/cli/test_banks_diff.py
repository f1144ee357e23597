"""``patchline banks diff`` and ``shadow`` over a real log, a real store and real pictures."""

import asyncio
import os
from datetime import UTC, datetime
from pathlib import Path

from schemas.ids import frame_uid, sha256_hex
from schemas.reasons import VerdictKind
from schemas.verdict import Source, Verdict
from service.settings import KafkaSettings, StoreSettings
from service.store import open_store
from service.store.keys import frame_key
from service.stream.kafka_broker import KafkaBroker
from tests.cli.conftest import Command
from tests.parts import draw_part, encode_png


def inspected(prefix: str, line: str, folder: Path) -> None:
    """As if an inspector had judged the folder's pictures."""
    pictures = [
        (_verdict(line, path, n), path.read_bytes()) for n, path in enumerate(sorted(folder.iterdir()))
    ]

    async def put() -> None:
        broker = KafkaBroker(KafkaSettings(bootstrap=os.environ["PATCHLINE_KAFKA__BOOTSTRAP"]))
        store = open_store(StoreSettings(url=os.environ["PATCHLINE_STORE__URL"]))
        producer = await broker.producer()
        for verdict, data in pictures:
            await store.put(frame_key(line, verdict.frame_uid), data)
            await producer.send(f"{prefix}verdicts", key=line.encode(), value=verdict.to_bytes(), partition=0)
        await broker.close()

    asyncio.run(put())


def _verdict(line: str, path: Path, number: int) -> Verdict:
    digest = sha256_hex(path.read_bytes())
    uid = frame_uid(line, path.name, digest)
    return Verdict(
        frame_uid=uid,
        line=line,
        frame_id=path.name,
        frame_sha256=digest,
        verdict=VerdictKind.OK,
        frame_url=f"http://page/v1/frames/{line}/{uid}",
        source=Source(partition=0, offset=number, timestamp_ms=0),
        inspected_at=datetime(2026, 1, 31, 12, 0, number, tzinfo=UTC),
    )


def test_two_epochs_are_told_apart_by_parts_thresholds_and_verdicts(
    patchline: Command, installation: str, good: Path, mixed: Path, tmp_path: Path
) -> None:
    more = tmp_path / "more"
    more.mkdir()
    for path in [*good.iterdir(), mixed / "scratch.png"]:
        (more / path.name).write_bytes(path.read_bytes())
    assert patchline("train", "line1", "--good", good, "--publish").code == 0
    assert patchline("train", "line1", "--good", more, "--publish").code == 0
    inspected(installation, "line1", mixed)

    told = patchline("banks", "diff", "line1", 1, 2, "--frames", 50, "--json").json
    assert [part["name"] for part in told["parts_added"]] == ["scratch.png"]
    assert told["parts_removed"] == []
    assert (told["from"]["epoch"], told["to"]["epoch"]) == (1, 2)
    assert (told["from"]["parts"], told["to"]["parts"]) == (12, 13)
    assert told["from"]["thresholds"]["defect_score"] != told["to"]["thresholds"]["defect_score"]
    assert (told["frames"]["compared"], told["frames"]["missing"]) == (6, 0)
    (scratch,) = [each for each in told["frames"]["flipped"] if each["frame_id"] == "scratch.png"]
    assert (scratch["before"], scratch["score_after"] < scratch["score_before"]) == ("defect", True)
    assert scratch["url"] == f"http://page/v1/frames/line1/{scratch['frame_uid']}"

    table = patchline("banks", "diff", "line1", 1, 2).out
    assert "1 part added: scratch.png" in table
    ended = patchline("banks", "diff", "line1", 1, 9)
    assert (ended.code, ended.sentence) == (2, "line line1 has no epoch 9: it is at epoch 2")


def test_a_candidate_is_held_against_the_bank_in_force_and_changes_nothing(
    patchline: Command, installation: str, good: Path, mixed: Path, bank: Path, tmp_path: Path
) -> None:
    version = patchline("train", "line1", "--good", good, "--publish", "--json").json["version"]
    inspected(installation, "line1", mixed)
    told = patchline("banks", "shadow", "line1", bank, "--frames", 4, "--json").json
    assert (told["in_force"]["epoch"], told["candidate"]["version"]) == (1, version)
    assert (told["frames"]["compared"], told["frames"]["flips"]) == (4, {})
    by_version = patchline("banks", "shadow", "line1", version[:10], "--frames", 6)
    assert (by_version.code, by_version.out) == (0, "No verdict differs on 6 stored frames.\n")
    assert patchline("banks", "show", "line1", "--json").json["in_force"]["epoch"] == 1

    stranger = tmp_path / "stranger.bank"
    assert patchline("train", "line2", "--good", good, "--out", stranger).code == 0
    ended = patchline("banks", "shadow", "line1", stranger)
    assert ended.code == 2
    assert "The bank was made for another line. It is line2's, not line1's." in ended.sentence
    for wrong in ("abcdef0123", "no-such-file.bank"):
        assert patchline("banks", "shadow", "line1", wrong).code == 2
    broken = tmp_path / "broken.bank"
    broken.write_bytes(encode_png(draw_part(0)))
    assert patchline("banks", "shadow", "line1", broken).code == 2
