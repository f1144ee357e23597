import pytest

from service.training.part_ids import identified, part_id_of, read_table, siblings_of
from service.training.refusal import TrainingRefused
from tests.training.parts import good_parts
from tests.training.test_build import quick_bank


def test_a_name_with_a_view_names_its_part() -> None:
    assert part_id_of("A17_view2.png") == "A17"
    assert part_id_of("cell_7_View10.JPG") == "cell_7"
    assert [part_id_of(name) for name in ("A17.png", "_view1.png", "A17_view.png", "A17_view2b.png")] == [
        None,
        None,
        None,
        None,
    ]


def test_a_table_goes_before_names() -> None:
    parts = good_parts(5)
    table = read_table("\ufefffile,part_id,shift\npart-001.png,A,night\npart-003.png,A,day\n")
    assert [part.part_id for part in identified(parts, table)] == [None, "A", None, "A", None]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("name,id\na,b\n", "begin it with file,part_id"),
        ("", "begin it with file,part_id"),
        ("file,part_id\na.png,\n", "line 2 of the table of parts lacks"),
        ("file,part_id\na.png\n", "line 2 of the table of parts lacks"),
    ],
)
def test_a_table_that_says_nothing_is_refused(text: str, said: str) -> None:
    with pytest.raises(TrainingRefused, match=said):
        read_table(text)


def test_a_file_that_is_no_picture_here_is_named() -> None:
    with pytest.raises(TrainingRefused, match=r"gone\.png stands in the table of parts and is no picture"):
        identified(good_parts(5), {"gone.png": "A"})


def test_siblings_are_the_other_pictures_of_a_part() -> None:
    assert siblings_of(["A", None, "B", "A", "A", None]) == {0: (3, 4), 3: (0, 4), 4: (0, 3)}


def test_a_bank_keeps_part_ids_and_holds_their_pictures_out_together() -> None:
    parts = good_parts(8)
    alone = quick_bank(parts)
    together = quick_bank(identified(parts, {part.name: "A" for part in parts[:4]}))
    assert [entry.part_id for entry in together.manifest.parts] == ["A"] * 4 + [None] * 4
    assert (together.memory_bank.vectors == alone.memory_bank.vectors).all()
    assert (together.memory_bank.calibration_scores >= alone.memory_bank.calibration_scores).all()
    assert (together.memory_bank.calibration_scores > alone.memory_bank.calibration_scores).any()
