import importlib.util
from pathlib import Path

import numpy as np
import pytest

from service.backbones.loading import load_backbone
from service.banks.bank_file import read_bank
from service.images.decode import decode
from service.inspection.extractor import PatchExtractor
from service.inspection.line_model import LineModel
from service.patchcore import Recipe
from service.training.build import build_bank
from service.training.built import BuiltBank
from service.training.features import contract_hash, pack_features, unpack_features
from service.training.part import GoodPart
from service.training.refusal import TrainingRefused
from tests.parts import encode_png
from tests.training.parts import QUICK, QuickNetwork, drawn, good_parts


def quick_bank(parts: list[GoodPart], recipe: Recipe = QUICK) -> BuiltBank:
    return build_bank("line1", "default", parts, recipe, QuickNetwork())


def test_a_bank_reads_back_as_it_was_built() -> None:
    built = quick_bank(good_parts(8))
    loaded = read_bank(built.data, version=built.version)
    assert loaded.manifest == built.manifest
    assert np.array_equal(loaded.memory_bank.vectors, built.memory_bank.vectors)
    assert [entry.name for entry in loaded.manifest.parts] == [f"part-{i:03}.png" for i in range(8)]
    assert built.thresholds.calibration_parts == 8


def test_the_same_parts_in_any_order_give_the_same_bytes() -> None:
    parts = good_parts(8)
    assert quick_bank(parts).data == quick_bank(parts[::-1]).data


def test_another_seed_gives_another_version() -> None:
    parts = good_parts(8)
    other = QUICK.model_copy(update={"seed": 1, "projection_dim": 4})
    assert quick_bank(parts).version != quick_bank(parts, other).version


def test_progress_tells_of_every_part_and_of_the_selection() -> None:
    told: list[tuple[str, int, int]] = []
    build_bank("l", "default", good_parts(10), QUICK, QuickNetwork(), lambda *step: told.append(step))
    assert [step for step in told if step[0] == "extract"] == [("extract", 8, 10), ("extract", 10, 10)]
    assert told[-1][0] == "select"
    assert told[-1][1] == told[-1][2]


def test_a_flat_picture_is_named() -> None:
    dark = GoodPart.of("dark.png", encode_png(np.full((160, 160, 3), (0, 0, 1), np.uint8)))
    with pytest.raises(TrainingRefused, match=r"dark\.png shows no part \(The picture has no contrast"):
        quick_bank([*good_parts(6), dark])


def test_too_few_parts_make_no_bank() -> None:
    with pytest.raises(TrainingRefused, match="4 good parts cannot make a bank"):
        quick_bank(good_parts(4))


def test_features_survive_their_file_and_are_named_by_what_they_depend_on() -> None:
    built = quick_bank(good_parts(5))
    rows = built.features[built.manifest.parts[0].sha256]
    assert np.array_equal(unpack_features(pack_features(rows)), rows)
    contract, weights = built.manifest.contract, built.manifest.weights_sha256
    name = contract_hash(QUICK, contract, weights)
    assert name == contract_hash(QUICK.model_copy(update={"coreset_share": 0.5}), contract, weights)
    assert name != contract_hash(QUICK.model_copy(update={"patch_mean": 1}), contract, weights)
    assert name != contract_hash(QUICK, contract, "cd" * 32)


def default_network(parts: list[GoodPart], recipe: Recipe) -> LineModel:
    backbone = load_backbone(recipe.backbone, recipe.stages)
    built = build_bank("line1", "default", parts, recipe, backbone)
    extractor = PatchExtractor(backbone, recipe, built.manifest.contract)
    return LineModel(built.memory_bank, built.thresholds, extractor)


def test_a_part_without_its_hole_stands_out_from_good_ones() -> None:
    taught = [GoodPart.of(f"{seed}.png", drawn(seed, side=256)) for seed in range(10)]
    model = default_network(taught, Recipe())
    good = [model.judge(decode(drawn(seed, side=256))).score for seed in range(50, 52)]
    bad = [model.judge(decode(drawn(seed, "missing-hole", side=256))).score for seed in range(50, 52)]
    assert min(bad) > max(good)


def test_real_cells_make_a_bank_whose_own_kind_is_mostly_good() -> None:
    pytest.importorskip("elpv_dataset")
    cells = sorted((Path(elpv_folder()) / "images").glob("*.png"))
    parts = [GoodPart.of(path.name, path.read_bytes()) for path in cells[20:28]]
    model = default_network(parts, Recipe(input_pixels=128 * 128))
    assert model.bank.grid == (16, 16)
    assert model.extractor.contract.channels == "grey"
    assert all(np.isfinite(model.judge(decode(part.data)).score) for part in parts[:2])


def elpv_folder() -> str:
    spec = importlib.util.find_spec("elpv_dataset")
    assert spec is not None
    assert spec.submodule_search_locations is not None
    return f"{next(iter(spec.submodule_search_locations))}/data"
