"""``patchline banks restore``, and the doctor who sends people there."""

from pathlib import Path

import pytest

from tests.cli.conftest import Command


def banks_check(patchline: Command) -> tuple[bool, str]:
    (check,) = [each for each in patchline("doctor", "--json").json["checks"] if each["name"] == "banks"]
    return check["ok"], check["sentence"]


def test_a_topic_made_anew_is_noticed_and_filled_again(
    patchline: Command, installation: str, good: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for line in ("line1", "line2"):
        assert patchline("train", line, "--good", good, "--publish").code == 0
    before = patchline("banks", "list", "--json").json
    assert banks_check(patchline) == (True, "2 lines have the same epochs in the log and in the object store")

    monkeypatch.setenv("PATCHLINE_KAFKA__TOPIC_PREFIX", f"{installation}anew.")
    assert patchline("topics", "create").code == 0
    ok, sentence = banks_check(patchline)
    assert not ok
    assert sentence.startswith("the log has 0 epochs of line1 and the object store 1; ")
    assert sentence.endswith(": run `patchline banks restore`")

    assert patchline("banks", "restore", "line1").out == "line1: 1 epoch and 1 bank written again\n"
    told = patchline("banks", "restore", "--json").json
    assert [(line["line"], line["epochs"]) for line in told["lines"]] == [("line2", [1])]
    assert patchline("banks", "list", "--json").json == before
    assert banks_check(patchline)[0]
    assert patchline("banks", "restore").out.startswith("Nothing is missing: ")
    ended = patchline("banks", "restore", "line9")
    assert (ended.code, "has an activation of line line9" in ended.sentence) == (2, True)
