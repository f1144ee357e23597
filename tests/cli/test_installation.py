"""Commands against the embedded broker and cache: real servers, real programs."""

import json
import os
import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from schemas.reasons import VerdictKind
from schemas.verdict import Source, Verdict
from service.settings import KafkaSettings
from service.stream.kafka_broker import KafkaBroker
from tests.cli.conftest import Command
from tests.cli.page import Page, state

LEDGER_KEYS = (
    *("accepted", "scored", "dead_lettered", "dropped", "in_flight", "expired_unread", "superseded"),
    *("missing", "alerts", "alerts_repeated", "alerts_missing", "heatmaps_missing", "clean"),
)


def test_topics_are_created_once_and_then_found_as_they_must_be(
    patchline: Command, installation: str
) -> None:
    again = patchline("topics", "create", "--json").json
    assert (again["created"], again["complaints"]) == ([], [])
    ended = patchline("topics", "check")
    assert (ended.code, ended.err) == (0, "")
    assert "7 topics as they must be" in ended.out


def test_missing_topics_are_told_one_by_one(
    patchline: Command, installation: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATCHLINE_KAFKA__TOPIC_PREFIX", f"{installation}other.")
    ended = patchline("topics", "check", "--json")
    assert ended.code == 1
    assert len(ended.json["complaints"]) == 7


def test_a_published_bank_is_in_force_and_its_history_is_told(
    patchline: Command, installation: str, good: Path
) -> None:
    assert patchline("banks", "list", "--json").json == {"lines": []}
    trained = patchline("train", "line1", "--good", good, "--publish", "--why", "first", "--json").json
    assert trained["epoch"] == 1
    again = patchline("train", "line1", "--good", good, "--publish", "--why", "second", "--json").json
    assert again["epoch"] == 2
    (listed,) = patchline("banks", "list", "--json").json["lines"]
    assert (listed["line"], listed["epoch"], listed["why"]) == ("line1", 2, "second")
    assert (listed["version"], listed["vectors"]) == (trained["version"], trained["vectors"])
    shown = patchline("banks", "show", "line1", "--json").json
    assert [epoch["epoch"] for epoch in shown["epochs"]] == [2, 1]
    assert shown["in_force"] == listed
    table = patchline("banks", "show", "line1").out
    assert "first" in table
    assert f"Version {trained['version']}" in table


def test_a_line_without_a_bank_is_wrong_input(patchline: Command, installation: str) -> None:
    ended = patchline("banks", "show", "line9")
    assert ended.code == 2
    assert ended.sentence.startswith("line line9 has no bank: ")


def test_a_folder_is_sent_and_counted(patchline: Command, installation: str, mixed: Path) -> None:
    ended = patchline("send", "line1", mixed, "--json")
    told = ended.json
    assert (ended.code, told["line"], told["sent"], told["complete"]) == (0, "line1", 6, True)
    assert told["bytes"] == sum(path.stat().st_size for path in mixed.iterdir())
    assert told["frames_per_second"] > 0


def test_a_name_that_is_no_frame_id_is_told_with_what_it_became(
    patchline: Command, installation: str, tmp_path: Path
) -> None:
    folder = tmp_path / "odd"
    folder.mkdir()
    (folder / "Foto 1.jpg").write_bytes(b"x")
    ended = patchline("send", "line1", folder)
    assert ended.code == 0
    assert "Foto 1.jpg is file-" in ended.err
    assert ended.out.startswith("1 frame sent to line1")


def test_a_folder_without_pictures_is_wrong_input(
    patchline: Command, installation: str, tmp_path: Path
) -> None:
    ended = patchline("send", "line1", tmp_path)
    assert (ended.code, "has no pictures" in ended.sentence) == (2, True)


@pytest.mark.parametrize(("loop", "code"), [((), 130), (("--loop",), 0)])
def test_ctrl_c_ends_sending_with_a_summary(
    installation: str, mixed: Path, loop: tuple[str, ...], code: int
) -> None:
    command = [sys.executable, "-m", "workers", "send", "line1", str(mixed), "--rate", "0.5", "--json"]
    with subprocess.Popen([*command, *loop], stdout=subprocess.PIPE, env=os.environ, text=True) as process:
        await_frames(1)
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=30)
    told = json.loads(out)
    assert (process.returncode, told["complete"]) == (code, False)
    assert 1 <= told["sent"] < 6


def await_frames(count: int) -> None:
    import asyncio

    async def wait() -> None:
        settings = KafkaSettings(
            bootstrap=os.environ["PATCHLINE_KAFKA__BOOTSTRAP"],
            topic_prefix=os.environ["PATCHLINE_KAFKA__TOPIC_PREFIX"],
        )
        broker = KafkaBroker(settings)
        reader = await broker.reader(f"{settings.topic_prefix}frames")
        seen = 0
        async with asyncio.timeout(30):
            while seen < count:
                seen += len(await reader.poll(timeout_ms=200, max_records=10))
        await broker.close()

    asyncio.run(wait())


def put_verdicts(*verdicts: Verdict) -> None:
    import asyncio

    async def put() -> None:
        prefix = os.environ["PATCHLINE_KAFKA__TOPIC_PREFIX"]
        broker = KafkaBroker(KafkaSettings(bootstrap=os.environ["PATCHLINE_KAFKA__BOOTSTRAP"]))
        producer = await broker.producer()
        for verdict in verdicts:
            await producer.send(
                f"{prefix}verdicts", key=verdict.line.encode(), value=verdict.to_bytes(), partition=0
            )
        await producer.send(f"{prefix}verdicts", key=b"line1", value=b"no verdict", partition=0)
        await broker.close()

    asyncio.run(put())


def verdict(line: str, kind: VerdictKind, score: float) -> Verdict:
    return Verdict.model_validate(
        {
            "frame_uid": "5b0f3f6e-8f0a-5d0b-9a51-2f1c6c0e7a11",
            "line": line,
            "frame_id": f"{kind.value}.png",
            "frame_sha256": "ab" * 32,
            "verdict": kind,
            "score": score,
            "p_value": 0.5,
            "threshold": 2.0,
            "source": Source(partition=0, offset=0, timestamp_ms=0),
            "inspected_at": datetime(2026, 1, 31, 12, tzinfo=UTC),
        }
    )


def test_watching_prints_one_line_a_verdict_of_the_line_asked_for(
    patchline: Command, installation: str
) -> None:
    other = verdict("line2", VerdictKind.OK, 1.0)
    put_verdicts(other, verdict("line1", VerdictKind.OK, 1.0), verdict("line1", VerdictKind.DEFECT, 3.0))
    ended = patchline("watch", "--line", "line1", "--from-start", "--limit", 2)
    assert ended.code == 0
    good, bad = ended.out.splitlines()
    assert good.endswith("line1  ok.png  ok  score 1.000 ≤ 2.000, p 0.5")
    assert bad.endswith("line1  defect.png  DEFECT  score 3.000 > 2.000, p 0.5")
    ended = patchline("watch", "--from-start", "--limit", 3, "--json")
    lines = [json.loads(line) for line in ended.out.splitlines()]
    assert [(line["line"], line["verdict"]) for line in lines] == [
        ("line2", "ok"),
        ("line1", "ok"),
        ("line1", "defect"),
    ]


def test_a_record_that_cannot_be_read_is_noted_and_passed_over(patchline: Command, installation: str) -> None:
    put_verdicts()
    put_verdicts(verdict("line1", VerdictKind.OK, 1.0))
    ended = patchline("watch", "--from-start", "--limit", 2, "--json")
    assert len(ended.out.splitlines()) == 1
    assert "verdicts 0/0 cannot be read" in ended.err


def test_an_empty_ledger_holds_and_has_the_keys_that_scripts_read(
    patchline: Command, installation: str
) -> None:
    ended = patchline("ledger", "check", "--json")
    assert ended.code == 0
    assert ended.json == dict.fromkeys(LEDGER_KEYS, 0) | {"clean": True}
    assert list(ended.json) == list(LEDGER_KEYS)
    assert ended.err == ""


def test_a_verdict_of_no_frame_breaks_the_ledger(patchline: Command, installation: str) -> None:
    put_verdicts(verdict("line1", VerdictKind.OK, 1.0))
    ended = patchline("ledger", "check", "--since", "1h")
    assert ended.code == 1
    assert "No frame is at 0/0." in ended.out
    assert "The ledger does not hold." in ended.out
    ended = patchline("ledger", "check", "--json")
    assert (ended.code, list(ended.json), ended.json["clean"]) == (1, list(LEDGER_KEYS), False)
    assert "verdicts 0/0: wrong-ids (of 1):" in ended.err


def test_the_doctor_finds_a_sound_installation_sound(patchline: Command, installation: str) -> None:
    ended = patchline("doctor", "--json")
    assert ended.code == 0
    assert [check["name"] for check in ended.json["checks"]] == [
        "settings",
        "broker",
        "topics",
        "cache",
        "object store",
        "banks",
        "weights",
        "device",
    ]


def test_an_approval_waits_for_its_result(patchline: Command, page: type[Page]) -> None:
    page.answers["GET"] = state("done", "epoch 2: 2 parts added", 2)
    ended = patchline("approve", "line1", "a.png", "b.png", "--why", "light")
    assert (ended.code, ended.out, ended.err) == (0, "epoch 2: 2 parts added\n", "")
    assert page.asked == [("/v1/lines/line1/approvals", {"frames": ["a.png", "b.png"], "why": "light"})]
    assert patchline("approve", "line1", "a.png", "--json").json["status"] == "done"


def test_a_refused_approval_is_exit_2_with_its_sentence(patchline: Command, page: type[Page]) -> None:
    page.answers["GET"] = state("refused", "the part is known already")
    ended = patchline("approve", "line1", "a.png")
    assert (ended.code, ended.out, ended.sentence) == (2, "", "the part is known already")


def test_frames_that_the_page_does_not_know_are_exit_2(patchline: Command, page: type[Page]) -> None:
    page.answers["POST"] = (404, {"detail": "line line1 has no frame 'a.png'"})
    ended = patchline("approve", "line1", "a.png")
    assert (ended.code, ended.sentence) == (2, "line line1 has no frame 'a.png'")


def test_a_page_in_trouble_is_exit_1(patchline: Command, page: type[Page]) -> None:
    page.answers["POST"] = (503, {"detail": "the object store does not answer"})
    assert patchline("approve", "line1", "a.png").code == 1
    page.answers["POST"] = (200, {"hello": "world"})
    assert "does not answer as the page does" in patchline("approve", "line1", "a.png").sentence


def test_an_approval_that_takes_too_long_is_exit_1_and_says_where_to_look(
    patchline: Command, page: type[Page]
) -> None:
    page.answers["GET"] = state("pending")
    ended = patchline("approve", "line1", "a.png", "--wait", "0.5")
    assert ended.code == 1
    assert ended.sentence.startswith("the approval is still pending after 0.5 s: see http://127.0.0.1:")
    assert patchline("approve", "line1", "a.png", "--wait", "0").code == 0
