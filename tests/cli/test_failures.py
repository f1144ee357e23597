import os
import subprocess
import sys
from pathlib import Path

import pytest

from service.banks.refusal import BankRefused, Refusal
from service.embedded.server import free_port
from service.settings import SettingsError
from service.store import StoreUnreachable
from service.stream.base import DeliveryError
from service.training.refusal import TrainingRefused
from tests.cli.conftest import Command
from workers.cli.failures import code_of, sentence_of


@pytest.fixture
def unreachable(monkeypatch: pytest.MonkeyPatch) -> str:
    address = f"127.0.0.1:{free_port()}"
    monkeypatch.setenv("PATCHLINE_KAFKA__BOOTSTRAP", address)
    monkeypatch.setenv("PATCHLINE_KAFKA__START_SECONDS", "1")
    return address


@pytest.mark.parametrize(
    "arguments",
    [
        ("banks", "list"),
        ("banks", "show", "line1"),
        ("ledger", "check", "--json"),
        ("topics", "create"),
        ("topics", "check", "--json"),
        ("watch", "--alerts"),
    ],
    ids=" ".join,
)
def test_an_unreachable_broker_is_one_sentence_and_exit_1(
    patchline: Command, unreachable: str, arguments: tuple[str, ...]
) -> None:
    ended = patchline(*arguments)
    assert (ended.code, ended.out) == (1, "")
    assert ended.sentence == (
        f"broker {unreachable} did not answer within 1 s: start it or set PATCHLINE_KAFKA__BOOTSTRAP"
    )


def test_publishing_to_an_unreachable_broker_is_refused_before_the_training(
    patchline: Command, unreachable: str, good: Path, tmp_path: Path
) -> None:
    ended = patchline("train", "line1", "--good", good, "--publish", "--out", tmp_path / "b")
    assert ended.code == 1
    assert ended.sentence.startswith(f"broker {unreachable} did not answer")
    assert not (tmp_path / "b").exists()


def test_sending_to_an_unreachable_broker_is_one_sentence(
    patchline: Command, unreachable: str, good: Path
) -> None:
    assert patchline("send", "line1", good).sentence.startswith(f"broker {unreachable} did not answer")


def test_a_program_that_cannot_begin_says_why(patchline: Command, unreachable: str, tmp_path: Path) -> None:
    ended = patchline("run", "camera", "line1", tmp_path, "--log-format", "json")
    assert ended.code == 1
    assert ended.err.splitlines()[-1].startswith(f"patchline: broker {unreachable} did not answer")


@pytest.mark.parametrize("arguments", [("banks", "list"), ("run", "web"), ("topics", "check")], ids=" ".join)
def test_a_misspelt_setting_is_named_with_its_likely_meaning(
    patchline: Command, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]
) -> None:
    monkeypatch.setenv("PATCHLINE_KAFKA__BOOTSTRAPP", "x")
    ended = patchline(*arguments)
    assert ended.code == 2
    assert ended.sentence == (
        "PATCHLINE_KAFKA__BOOTSTRAPP is no setting of Patchline; did you mean PATCHLINE_KAFKA__BOOTSTRAP?"
    )


def test_a_page_that_does_not_answer_is_exit_1(patchline: Command) -> None:
    address = f"http://127.0.0.1:{free_port()}"
    ended = patchline("approve", "line1", "part.png", "--url", address)
    assert ended.code == 1
    assert ended.sentence.startswith(f"the page {address} does not answer (")


def test_the_doctor_says_of_each_failure_what_to_do(
    patchline: Command, unreachable: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATCHLINE_REDIS__URL", f"redis://127.0.0.1:{free_port()}/0")
    monkeypatch.setenv("PATCHLINE_STORE__URL", "file:///proc/nowhere")
    monkeypatch.setenv("PATCHLINE_ENGINE__DEVICE", "nowhere")
    ended = patchline("doctor", "--json")
    assert ended.code == 1
    assert not ended.json["ok"]
    checks = {check["name"]: check for check in ended.json["checks"]}
    assert {name for name, check in checks.items() if check["ok"]} == {"settings", "weights"}
    remedies = {
        "broker": "PATCHLINE_KAFKA__BOOTSTRAP",
        "topics": "PATCHLINE_KAFKA__BOOTSTRAP",
        "cache": "PATCHLINE_REDIS__URL",
        "object store": "PATCHLINE_STORE__URL",
        "device": "PATCHLINE_ENGINE__DEVICE",
    }
    assert all(remedy in checks[name]["sentence"] for name, remedy in remedies.items())


def test_the_doctor_names_every_setting_when_one_is_misspelt(
    patchline: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATCHLINE_NONSENSE", "x")
    ended = patchline("doctor")
    assert ended.code == 1
    assert "PATCHLINE_NONSENSE is no setting of Patchline" in ended.out
    assert "PATCHLINE_KAFKA__BOOTSTRAP, " in ended.err


def test_what_nobody_foresaw_is_a_sentence_too_and_can_be_traced(
    patchline: Command, monkeypatch: pytest.MonkeyPatch, good: Path, tmp_path: Path
) -> None:
    def broken(*_: object) -> None:
        raise KeyError("surprise")

    monkeypatch.setattr("workers.cli.train._read", broken)
    arguments = ("train", "line1", "--good", good, "--out", tmp_path / "b")
    ended = patchline(*arguments)
    assert ended.code == 1
    assert ended.sentence.startswith("unforeseen KeyError ('surprise'): ")
    with pytest.raises(KeyError):
        patchline("--traceback", *arguments)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (DeliveryError("x"), 1),
        (StoreUnreachable("x"), 1),
        (ConnectionRefusedError(111, "x"), 1),
        (RuntimeError("x"), 1),
        (SettingsError("x"), 2),
        (TrainingRefused("x"), 2),
        (BankRefused(Refusal.EMPTY, "x"), 2),
        (ValueError("x"), 2),
        (KeyboardInterrupt(), 130),
    ],
)
def test_exit_codes_tell_the_world_from_wrong_use(error: BaseException, code: int) -> None:
    assert code_of(error) == code


def test_a_sentence_is_one_line() -> None:
    assert sentence_of(ValueError("one\n  two")) == "one two"


def test_answers_cut_off_by_their_reader_are_no_error(bank: Path, mixed: Path) -> None:
    command = [sys.executable, "-m", "workers", "inspect", str(bank), str(mixed), "--json"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=os.environ, text=True
    ) as process:
        assert process.stdout is not None
        process.stdout.close()
        assert process.stderr is not None
        said = process.stderr.read()
    assert (process.returncode, said) == (0, "")


@pytest.mark.parametrize(("error", "code"), [(DeliveryError("no room"), 1), (SettingsError("no room"), 2)])
def test_of_errors_of_tasks_side_by_side_the_first_is_told(error: Exception, code: int) -> None:
    grouped = ExceptionGroup("tasks", [ExceptionGroup("inner", [error]), ValueError("later")])
    assert (sentence_of(grouped), code_of(grouped)) == (sentence_of(error), code)
    assert "no room" in sentence_of(grouped)


def test_a_wait_that_ended_without_a_word_is_told_in_words() -> None:
    assert sentence_of(ExceptionGroup("tasks", [TimeoutError()])).startswith("nothing came within the time")
