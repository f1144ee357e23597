"""Laws of screening what is called good: told before the bank is built, left out on request."""

from pathlib import Path

import pytest

from service.banks.bank_file import read_bank
from tests.cli.conftest import Command
from tests.parts import draw_part, encode_png

QUICK = ("--recipe", "plain", "--set", "input_pixels=16384")


@pytest.fixture(scope="module")
def contaminated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twenty-two good parts and one with a scratch."""
    folder = tmp_path_factory.mktemp("contaminated")
    for seed in range(22):
        (folder / f"part-{seed:03}.png").write_bytes(encode_png(draw_part(seed)))
    (folder / "bad.png").write_bytes(encode_png(draw_part(300, "scratch")))
    return folder


def test_a_defect_among_the_good_parts_is_told_drawn_and_kept(
    patchline: Command, contaminated: Path, tmp_path: Path
) -> None:
    out, folder = tmp_path / "b", tmp_path / "suspects"
    ended = patchline("train", "l", "--good", contaminated, "--out", out, "--suspects", folder, *QUICK)
    assert ended.code == 0
    assert "suspicious: bad.png looks unlike the other parts (p " in ended.err
    assert (folder / "bad.png.suspect.png").read_bytes().startswith(b"\x89PNG")
    assert len(read_bank(out.read_bytes()).manifest.parts) == 23


def test_suspects_are_left_out_on_request_and_machines_are_told(
    patchline: Command, contaminated: Path, tmp_path: Path
) -> None:
    out = tmp_path / "b"
    ended = patchline(
        "train", "l", "--good", contaminated, "--out", out, "--exclude-suspects", "--json", *QUICK
    )
    assert (ended.code, ended.err) == (0, "")
    told = ended.json
    assert told["suspects"][0]["name"] == "bad.png"
    assert 0 < told["suspects"][0]["p_value"] < 0.01
    assert told["suspects_excluded"] is True
    assert told["parts"] == 23 - len(told["suspects"])
    assert "bad.png" not in [part.name for part in read_bank(out.read_bytes()).manifest.parts]


def test_a_table_names_the_part_of_each_picture(patchline: Command, good: Path, tmp_path: Path) -> None:
    table, out = tmp_path / "parts.csv", tmp_path / "b"
    table.write_text("file,part_id\npart-000.png,A\npart-001.png,A\n")
    assert patchline("train", "l", "--good", good, "--out", out, "--parts", table, *QUICK).code == 0
    ids = {part.name: part.part_id for part in read_bank(out.read_bytes()).manifest.parts}
    assert (ids["part-000.png"], ids["part-001.png"], ids["part-002.png"]) == ("A", "A", None)


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"a,b\n", "begin it with file,part_id"), (b"\xff\xfe\x00", "cannot be read"), (None, "cannot be read")],
)
def test_a_table_that_is_none_is_refused(
    patchline: Command, good: Path, tmp_path: Path, content: bytes | None, said: str
) -> None:
    table = tmp_path / "parts.csv"
    if content is not None:
        table.write_bytes(content)
    ended = patchline("train", "l", "--good", good, "--out", tmp_path / "b", "--parts", table)
    assert ended.code == 2
    assert said in ended.sentence
    assert not (tmp_path / "b").exists()
