import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from schemas.ids import sha256_hex
from tests.cli.conftest import Command, Ended
from tests.parts import DEFECTS, draw_part, encode_png


def folder_of(folder: Path, files: dict[str, bytes]) -> Path:
    folder.mkdir()
    for name, data in files.items():
        (folder / name).write_bytes(data)
    return folder


def part(seed: int, *, colour: bool = True) -> bytes:
    return encode_png(draw_part(seed, size=(96, 96), colour=colour))


def refused(patchline: Command, good: Path, out: Path) -> str:
    ended = patchline("train", "line1", "--good", good, "--out", out)
    assert (ended.code, ended.out) == (2, "")
    assert not out.exists()
    assert list(out.parent.glob(".part-*")) == []
    return ended.sentence


def test_training_tells_machines_what_was_made_and_where_it_went(
    patchline: Command, good: Path, tmp_path: Path
) -> None:
    out = tmp_path / "line1.bank"
    ended = patchline("train", "line1", "--good", good, "--out", out, "--json")
    assert (ended.code, ended.err) == (0, "")
    told = ended.json
    assert told["version"] == sha256_hex(out.read_bytes())
    assert (told["line"], told["model"], told["parts"]) == ("line1", "default", 12)
    assert (told["out"], told["epoch"], told["notes"]) == (str(out), None, [])
    assert told["thresholds"]["wished_alpha"] == 0.01
    assert told["thresholds"]["alpha"] == pytest.approx(1 / 13)
    assert "A rate of 1 % needs at least 99 parts." in told["promise"]
    assert told["size_bytes"] == out.stat().st_size


def test_training_tells_people_the_threshold_and_the_rate_it_can_promise(
    patchline: Command, good: Path, tmp_path: Path
) -> None:
    ended = patchline("train", "line1", "--good", good, "--out", tmp_path / "b", "--false-alarm-rate", "0.1")
    assert ended.code == 0
    assert "line1/default: " in ended.out
    assert " of 12 good parts" in ended.out
    assert "is a defect" in ended.out
    assert "With 12 held-out good parts the false-alarm rate is" in ended.out


def judged(ended: Ended) -> dict[str, str]:
    return {Path(image["image"]).stem: image["verdict"] for image in ended.json["images"]}


def test_a_trained_bank_tells_defects_from_good_parts(
    patchline: Command, bank: Path, mixed: Path, tmp_path: Path
) -> None:
    ended = patchline("inspect", bank, mixed, "--heatmaps", tmp_path / "maps", "--json")
    assert (ended.code, ended.err) == (0, "")
    verdicts = judged(ended)
    assert (verdicts["good-100"], verdicts["good-101"]) == ("ok", "ok")
    assert {verdicts[name] for name in ("spot", "scratch")} == {"defect"}
    assert set(verdicts) == {"good-100", "good-101", *DEFECTS}
    for image in ended.json["images"]:
        assert Path(image["heatmap"]).read_bytes().startswith(b"\x89PNG")
        assert bool(image["regions"]) == (image["verdict"] != "ok")
        assert (image["score"] > ended.json["bank"]["thresholds"]["defect_score"]) == (
            image["verdict"] == "defect"
        )


def test_inspecting_shows_people_a_table_and_says_the_summary_beside_it(
    patchline: Command, bank: Path, mixed: Path
) -> None:
    ended = patchline("inspect", bank, mixed / "spot.png", mixed / "good-100.png")
    assert ended.code == 0
    assert [line.split()[1] for line in ended.out.splitlines()] == ["verdict", "DEFECT", "ok"]
    assert ended.err.startswith("1 defect, 1 ok. A score above ")


def test_pictures_of_one_name_get_heatmaps_of_their_own(
    patchline: Command, bank: Path, mixed: Path, tmp_path: Path
) -> None:
    other = folder_of(tmp_path / "other", {"spot.png": (mixed / "good-100.png").read_bytes()})
    ended = patchline("inspect", bank, mixed / "spot.png", other, "--heatmaps", tmp_path / "maps", "--json")
    assert len({image["heatmap"] for image in ended.json["images"]}) == 2
    assert len(list((tmp_path / "maps").iterdir())) == 2


def test_an_unreadable_picture_is_wrong_input_and_the_others_are_judged(
    patchline: Command, bank: Path, mixed: Path, tmp_path: Path
) -> None:
    broken = tmp_path / "broken.png"
    broken.write_bytes((mixed / "spot.png").read_bytes()[:400])
    ended = patchline("inspect", bank, broken, mixed / "spot.png", "--json")
    assert ended.code == 2
    assert ended.sentence.startswith(f"{broken} cannot be read (")
    assert judged(ended) == {"broken": "unreadable", "spot": "defect"}


def test_a_picture_of_another_kind_is_a_fault_and_no_error(
    patchline: Command, bank: Path, tmp_path: Path
) -> None:
    grey = folder_of(tmp_path / "grey", {"a.png": encode_png(draw_part(1, colour=False))})
    ended = patchline("inspect", bank, grey, "--json")
    assert ended.code == 0
    (image,) = ended.json["images"]
    assert (image["verdict"], image["reason"], image["score"]) == ("fault", "wrong-channels", None)


@pytest.mark.parametrize("content", [b"", b"no bank", bytes(100_000)])
def test_a_file_that_is_no_bank_is_refused(
    patchline: Command, mixed: Path, tmp_path: Path, content: bytes
) -> None:
    wrong = tmp_path / "wrong.bank"
    wrong.write_bytes(content)
    ended = patchline("inspect", wrong, mixed)
    assert (ended.code, ended.out) == (2, "")
    assert ended.sentence.startswith(f"{wrong} is refused: ")


def test_a_bank_that_is_not_there_is_refused(patchline: Command, mixed: Path, tmp_path: Path) -> None:
    ended = patchline("inspect", tmp_path / "none.bank", mixed)
    assert ended.code == 2
    assert "cannot be read (No such file or directory)" in ended.sentence


def test_a_folder_that_is_none_is_refused(patchline: Command, tmp_path: Path) -> None:
    said = refused(patchline, tmp_path / "none", tmp_path / "b")
    assert said == f"{tmp_path}/none is no folder: name one with photos of good parts"


def test_four_good_parts_are_refused(patchline: Command, tmp_path: Path) -> None:
    good = folder_of(tmp_path / "good", {f"{seed}.png": part(seed) for seed in range(4)})
    assert "4 good parts cannot make a bank: take at least 5" in refused(patchline, good, tmp_path / "b")


def test_colour_mixed_with_grey_is_refused_by_name(patchline: Command, tmp_path: Path) -> None:
    files = {f"{seed}.png": part(seed, colour=seed != 3) for seed in range(6)}
    good = folder_of(tmp_path / "good", files)
    assert "3.png is grey where the other parts are colour" in refused(patchline, good, tmp_path / "b")


def test_an_unreadable_part_is_refused_by_name(patchline: Command, tmp_path: Path) -> None:
    files = {f"{seed}.png": part(seed) for seed in range(6)}
    files["4.png"] = files["4.png"][:200]
    good = folder_of(tmp_path / "good", files)
    assert "4.png is no readable image" in refused(patchline, good, tmp_path / "b")


def test_a_refused_training_leaves_an_older_bank_as_it_is(
    patchline: Command, bank: Path, tmp_path: Path
) -> None:
    kept = Path(shutil.copy(bank, tmp_path / "line1.bank"))
    good = folder_of(tmp_path / "good", {f"{seed}.png": part(seed) for seed in range(4)})
    assert patchline("train", "line1", "--good", good, "--out", kept).code == 2
    assert kept.read_bytes() == bank.read_bytes()


def test_a_bank_must_go_somewhere_that_can_be_written(patchline: Command, good: Path, tmp_path: Path) -> None:
    assert "give --out FILE, --publish, or both" in patchline("train", "line1", "--good", good).sentence
    assert "is a folder" in refused_at(patchline, good, tmp_path)
    assert "is no folder to write" in refused_at(patchline, good, tmp_path / "none" / "b")


def refused_at(patchline: Command, good: Path, out: Path) -> str:
    ended = patchline("train", "line1", "--good", good, "--out", out)
    assert ended.code == 2
    return ended.sentence


@pytest.mark.parametrize("rate", ["0", "1", "-0.1", "1.5"])
def test_a_rate_that_cannot_be_is_refused(patchline: Command, good: Path, tmp_path: Path, rate: str) -> None:
    ended = patchline("train", "line1", "--good", good, "--out", tmp_path / "b", "--false-alarm-rate", rate)
    assert ended.code == 2
    assert "false-alarm rate" in ended.sentence


def test_a_device_that_is_not_there_is_refused(
    patchline: Command, bank: Path, mixed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATCHLINE_ENGINE__DEVICE", "nowhere")
    ended = patchline("inspect", bank, mixed)
    assert ended.code == 2
    assert ended.sentence.startswith("device nowhere cannot be used (")


def _until_it_trains(process: "subprocess.Popen[str]") -> None:
    """Its temporary file, without a name, holds features: libraries that are interrupted before, while they
    are imported, may swallow it."""
    while not any(_holds_features(file) for file in Path(f"/proc/{process.pid}/fd").iterdir()):
        assert process.poll() is None, "it ended before it trained"
        time.sleep(0.01)


def _holds_features(file: Path) -> bool:
    with contextlib.suppress(FileNotFoundError):
        return file.readlink().name.endswith(" (deleted)") and file.stat().st_size > 0
    return False


@pytest.fixture
def many(tmp_path: Path) -> Path:
    """So many parts that no training is over before it is interrupted."""
    pixels, pictures = draw_part(0), {}
    for number in range(500):
        pixels[0, 0] = number % 256, number // 256, 0
        pictures[f"part-{number}.png"] = encode_png(pixels)
    return folder_of(tmp_path / "many", pictures)


def test_ctrl_c_ends_training_with_130_and_leaves_nothing(many: Path, tmp_path: Path) -> None:
    out = tmp_path / "banks" / "b"
    out.parent.mkdir()
    command = [sys.executable, "-m", "workers", "train", "line1", "--good", str(many)]
    with subprocess.Popen(
        [*command, "--out", str(out)], stderr=subprocess.PIPE, env=os.environ, text=True
    ) as process:
        _until_it_trains(process)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in err
    assert list(out.parent.iterdir()) == []
