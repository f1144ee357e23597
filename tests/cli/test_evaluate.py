from pathlib import Path

import pytest
import timm
import torch
from safetensors.torch import save_file

from service.backbones.source import WHEELS
from service.backbones.weights import sha256_of
from service.evaluation.result import CategoryResult
from tests.cli.conftest import Command
from tests.evaluation.drawn import lay_out
from workers.cli.evaluated import extra_sentences

PROMISED = {
    "name",
    "train_images",
    "test_good",
    "test_defect",
    "image_auroc",
    "pixel_auroc",
    "aupro",
    "false_alarm_rate",
    "recall",
    "input_size",
    "bank_vectors",
    "fit_seconds",
    "score_ms_per_image",
}


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("root")
    for name in ("bolt", "flange"):
        lay_out(folder / name)
    return folder


def test_the_document_for_machines_holds_what_is_promised(patchline: Command, root: Path) -> None:
    ended = patchline("evaluate", root, "--recipe", "plain", "--max-train", 5, "--json")
    assert ended.code == 0
    assert set(ended.json) == {"categories", "mean", "recipe", "backbone", "weights_sha256", "version"}
    assert [category["name"] for category in ended.json["categories"]] == ["bolt", "flange"]
    for category in ended.json["categories"]:
        assert set(category) >= PROMISED
        assert (category["train_images"], category["test_good"], category["test_defect"]) == (5, 3, 4)
    first = ended.json["categories"][0]
    assert ended.json["mean"]["image_auroc"] == first["image_auroc"]
    assert first["image_auroc"] > 0.9
    assert ended.json["recipe"]["name"] == "plain"
    assert len(ended.json["weights_sha256"]) == 64
    assert [line.split(":")[0] for line in ended.err.splitlines()] == ["bolt", "flange"]


def test_people_get_a_table_and_its_intervals_beside_it(patchline: Command, root: Path) -> None:
    ended = patchline("evaluate", root / "flange", "--seeds", 2, "--recipe", "plain")
    assert ended.code == 0
    assert "AUPRO" in ended.out
    assert "±" in ended.out
    assert "flange" in ended.out
    assert "95 % intervals" in ended.err


def test_an_unknown_recipe_is_wrong_use(patchline: Command, root: Path) -> None:
    ended = patchline("evaluate", root, "--recipe", "plian")
    assert (ended.code, ended.out) == (2, "")
    assert ended.sentence.startswith("no recipe is called 'plian': choose from balanced, ")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--set", "grid_strid=8"), "'grid_strid' is no option of a recipe: did you mean grid_stride?"),
        (("--recipe", "none.json"), "the recipe none.json cannot be read (No such file or directory)"),
    ],
)
def test_a_recipe_that_cannot_be_is_wrong_use(
    patchline: Command, root: Path, arguments: tuple[object, ...], sentence: str
) -> None:
    ended = patchline("evaluate", root / "bolt", *arguments)
    assert (ended.code, ended.out) == (2, "")
    assert ended.sentence.startswith(sentence)


def test_a_recipe_comes_from_a_file_and_its_options_from_the_command_line(
    patchline: Command, root: Path, tmp_path: Path
) -> None:
    file = tmp_path / "mine.json"
    file.write_text('{"whiten": true, "input_pixels": 16384}')
    ended = patchline("evaluate", root / "bolt", "--recipe", file, "--set", "max_vectors=150", "--json")
    recipe = ended.json["recipe"]
    assert (recipe["name"], recipe["whiten"], recipe["max_vectors"]) == ("mine*", True, 150)
    assert ended.json["categories"][0]["input_size"] == [128, 128]


def test_what_cannot_be_evaluated_is_one_sentence(patchline: Command, tmp_path: Path) -> None:
    ended = patchline("evaluate", lay_out(tmp_path / "flange", train=3, defects=False), "--json")
    assert (ended.code, ended.out) == (2, "")
    assert "category flange has 3 good training parts" in ended.sentence


def test_curve_false_alarms_and_contamination_stand_beside_the_figures(
    patchline: Command, root: Path
) -> None:
    asked = ("--recipe", "plain", "--curve", "5,6,50", "--false-alarms", 2, "--contaminate", 0.2)
    ended = patchline("evaluate", root / "bolt", *asked, "--json")
    (bolt,) = ended.json["categories"]
    assert [point["train_images"] for point in bolt["curve"]] == [5, 6]
    assert bolt["false_alarms"]["splits"] == len(bolt["false_alarms"]["rates"]) == 2
    assert bolt["contamination"]["defects"] == 1
    curve, alarms, contamination = extra_sentences([CategoryResult.model_validate(bolt)])
    assert curve.startswith("bolt: AUROC with 5 parts ")
    assert "false alarms over 2 splits of 6 taught and 3 judged" in alarms
    assert "with 1 defect among 6 parts" in contamination


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--curve", "5,x"), "--curve '5,x' is no list of numbers"),
        (("--curve", "2"), "a curve at 2 parts cannot be measured"),
        (("--contaminate", 0.7), "a share of 0.7 defects"),
    ],
)
def test_what_cannot_be_measured_is_wrong_use(
    patchline: Command, root: Path, arguments: tuple[object, ...], sentence: str
) -> None:
    ended = patchline("evaluate", root / "bolt", *arguments)
    assert (ended.code, ended.out) == (2, "")
    assert ended.sentence.startswith(sentence)


@pytest.mark.slow
def test_the_papers_recipe_runs_with_a_file_of_its_network(
    patchline: Command, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    torch.manual_seed(0)
    save_file(timm.create_model("wide_resnet50_2").state_dict(), tmp_path / "wide_resnet50_2.safetensors")
    monkeypatch.setenv("PATCHLINE_ENGINE__WEIGHTS", str(tmp_path))
    ended = patchline("evaluate", root / "bolt", "--recipe", "paper", "--json")
    assert ended.code == 0
    (bolt,) = ended.json["categories"]
    # What a network of random weights sees is chance. The drawn parts have 160 pixels, of which it cuts 16 a
    # side; the bank is a tenth of what is left.
    assert 0 <= bolt["image_auroc"] <= 1
    assert bolt["input_size"] == [128, 128]
    assert bolt["bank_vectors"] == pytest.approx(0.1 * 6 * (160 / 8) ** 2 * (28 / 32) ** 2, abs=1)
    assert ended.json["backbone"].startswith("wide_resnet50_2")
    sha256 = sha256_of(tmp_path / "wide_resnet50_2.safetensors")
    assert ended.json["weights_sha256"] == sha256


def test_a_file_of_another_network_is_refused(
    patchline: Command, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATCHLINE_ENGINE__WEIGHTS", WHEELS["tf_efficientnet_lite0"].locate())
    ended = patchline("evaluate", root / "bolt", "--recipe", "paper")
    assert (ended.code, ended.out) == (2, "")
    assert "are of another network than wide_resnet50_2" in ended.sentence


def test_values_that_half_precision_cannot_hold_are_wrong_use(
    patchline: Command, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tensors = timm.create_model("resnet18").state_dict()
    tensors["bn1.weight"] *= 1e6
    save_file(tensors, tmp_path / "resnet18.safetensors")
    monkeypatch.setenv("PATCHLINE_ENGINE__WEIGHTS", str(tmp_path))
    monkeypatch.setenv("PATCHLINE_ENGINE__PRECISION", "float16")
    ended = patchline("evaluate", root / "bolt", "--recipe", "plain", "--set", "backbone=resnet18")
    assert (ended.code, ended.out) == (2, "")
    assert ended.sentence.endswith("no numbers in float16: set PATCHLINE_ENGINE__PRECISION=float32.")


def test_a_report_is_one_file_with_the_curve_and_the_worst_mistakes(
    patchline: Command, root: Path, tmp_path: Path
) -> None:
    out = tmp_path / "report.html"
    ended = patchline("evaluate", root / "bolt", "--recipe", "plain", "--max-train", 5, "--report", out)
    page = out.read_text()
    assert ended.code == 0
    assert "ROC curve; the area under it is" in page
    assert page.count("data:image/png") == 7


def test_a_report_that_could_not_be_written_is_refused_before_the_work(
    patchline: Command, root: Path, tmp_path: Path
) -> None:
    ended = patchline("evaluate", root / "bolt", "--report", tmp_path / "no" / "report.html")
    assert (ended.code, "name a file in a folder that exists" in ended.sentence) == (2, True)
