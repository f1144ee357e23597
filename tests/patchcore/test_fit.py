from collections.abc import Sequence
from importlib import import_module
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from service.patchcore.coverage import coverage_radius
from service.patchcore.exact_index import ExactIndex
from service.patchcore.fit import fit
from service.patchcore.memory_bank import MemoryBank
from service.patchcore.recipe import Recipe
from service.patchcore.scoring import image_score
from tests.patchcore.test_growth import RECIPE, parts


def test_the_same_parts_give_the_same_bank() -> None:
    first, second = fit(parts(6, 0), RECIPE), fit(parts(6, 0), RECIPE)
    assert first.vectors.tobytes() == second.vectors.tobytes()
    assert first.calibration_scores.tobytes() == second.calibration_scores.tobytes()
    assert first.selection_radius == second.selection_radius


def test_stored_vectors_are_patches_of_the_parts_they_name() -> None:
    good = parts(6, 0)
    bank = fit(good, RECIPE)
    for vector, owner in zip(bank.vectors, bank.vector_part, strict=True):
        patches = good[owner].reshape(-1, 16).astype(np.float16)
        assert (patches == vector).all(axis=1).any()


def test_the_bank_holds_the_share_that_the_recipe_asks_for() -> None:
    assert fit(parts(6, 0), RECIPE).size == 30
    assert fit(parts(6, 0), RECIPE.model_copy(update={"max_vectors": 7})).size == 7
    assert fit(parts(6, 0), RECIPE.model_copy(update={"min_vectors": 50})).size == 50
    everything = fit(parts(6, 0), RECIPE.model_copy(update={"coreset_share": 1.0}))
    assert everything.size == 150
    assert everything.selection_radius == 0


def test_held_out_scores_are_what_a_bank_without_the_part_gives() -> None:
    good = parts(6, 0)
    bank = fit(good, RECIPE)
    for part, score in enumerate(bank.calibration_scores):
        index = ExactIndex(bank.vectors[bank.vector_part != part])
        distances, _ = index.search(bank.queries(good[part]))
        assert image_score(distances.reshape(5, 5), "max") == pytest.approx(score, rel=1e-5)


def test_flat_parts_and_grids_give_the_same_vectors() -> None:
    flat = fit([p.reshape(25, 16) for p in parts(6, 0)], RECIPE)
    assert np.array_equal(flat.vectors, fit(parts(6, 0), RECIPE).vectors)
    assert flat.grid == (1, 25)


@pytest.mark.parametrize("together", [1, 40, 4096])
def test_coverage_radius_is_in_the_features_own_space(monkeypatch: pytest.MonkeyPatch, together: int) -> None:
    monkeypatch.setattr(import_module("service.patchcore.fit"), "COVERED_TOGETHER", together)
    good = [*parts(5, 0), *parts(1, 1, shift=0.5)]
    bank = fit(good, RECIPE)
    patches = np.concatenate([p.reshape(-1, 16) for p in good]).astype(np.float16)
    assert bank.coverage_radius == coverage_radius(patches, bank.vectors)


def test_a_whitened_bank_lives_in_whitened_space() -> None:
    good = parts(8, 0, width=6)
    bank = fit(good, RECIPE.model_copy(update={"whiten": True, "coreset_share": 1.0, "min_vectors": 1}))
    assert bank.whitening is not None
    spread = np.cov(bank.vectors.astype(np.float64).T)
    assert np.allclose(spread, np.eye(6), atol=0.05)


def test_a_part_that_owns_the_whole_bank_stays_out_of_the_calibration() -> None:
    rng = np.random.default_rng(0)
    wide, point = rng.standard_normal((25, 4)).astype(np.float32), np.zeros((25, 4), np.float32)
    bank = fit([wide, point], Recipe(min_vectors=5, coreset_share=0.01))
    assert set(bank.vector_part.tolist()) == {0}
    assert bank.calibration_parts.tolist() == [1]


def test_progress_reaches_the_end() -> None:
    calls: list[tuple[int, int]] = []
    fit(parts(6, 0), RECIPE, progress=lambda done, of: calls.append((done, of)))
    assert calls[-1] == (30, 30)


def test_what_makes_no_bank_is_refused() -> None:
    good = parts(3, 0)
    with pytest.raises(ValueError, match="at least 2"):
        fit(good[:1], RECIPE)
    with pytest.raises(ValueError, match="no parts"):
        fit([], RECIPE)
    with pytest.raises(ValueError, match="differ in shape"):
        fit([good[0], good[1][:3]], RECIPE)
    with pytest.raises(ValueError, match="no bank can store"):
        fit([good[0], np.full_like(good[0], 1e5)], RECIPE)
    with pytest.raises(ValueError, match="no bank can store"):
        fit([good[0], np.full_like(good[0], np.nan)], RECIPE)


def test_a_bank_that_does_not_fit_together_is_refused() -> None:
    bank = fit(parts(3, 0), RECIPE)
    fields = dict(vars(bank))
    for change in (
        {"vectors": bank.vectors.astype(np.float32)},
        {"vector_part": bank.vector_part[:-1]},
        {"calibration_scores": bank.calibration_scores * np.float32(np.nan)},
        {"calibration_parts": bank.calibration_parts[:-1]},
        {"selection_radius": float("nan")},
    ):
        with pytest.raises(ValueError, match=r".+"):
            MemoryBank(**{**fields, **change})


def test_pictures_of_one_part_are_held_out_together() -> None:
    good = parts(6, 0)
    twins = [*good, good[0] + np.float32(1e-3)]
    alone = fit(twins, RECIPE)
    together = fit(twins, RECIPE, siblings={0: [6], 6: [0]})
    assert np.array_equal(alone.vectors, together.vectors)
    others = together.vectors[~np.isin(together.vector_part, [0, 6])]
    distances, _ = ExactIndex(others).search(together.queries(twins[0]))
    assert together.calibration_scores[0] == pytest.approx(distances.max(), rel=1e-5)
    assert together.calibration_scores[0] > alone.calibration_scores[0]


class OneAtATime(Sequence[NDArray[np.float32]]):
    """Parts that are read from somewhere: never a list of all."""

    def __init__(self, rows: list[NDArray[np.float32]]) -> None:
        self._rows = rows

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, number: Any) -> Any:
        assert isinstance(number, int)
        if number >= len(self._rows):
            raise IndexError(number)
        return self._rows[number].copy()


def test_parts_that_are_read_one_at_a_time_give_the_same_bank() -> None:
    recipe = RECIPE.model_copy(update={"whiten": True})
    listed, read = fit(parts(6, 0), recipe), fit(OneAtATime(parts(6, 0)), recipe)
    assert listed.vectors.tobytes() == read.vectors.tobytes()
    assert listed.calibration_scores.tobytes() == read.calibration_scores.tobytes()


def test_of_more_patches_than_memory_holds_a_drawn_part_is_selected_among_and_all_are_covered(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    good = parts(6, 0)
    monkeypatch.setattr(import_module("service.patchcore.fit"), "MOST_SELECTABLE", 100)
    first, second = fit(good, RECIPE), fit(good, RECIPE)
    assert first.vectors.tobytes() == second.vectors.tobytes()
    assert first.size == RECIPE.keep(150)
    patches = np.concatenate([p.reshape(-1, 16) for p in good]).astype(np.float16)
    assert first.coverage_radius == coverage_radius(patches, first.vectors)
    for vector, owner in zip(first.vectors, first.vector_part, strict=True):
        assert (good[owner].reshape(-1, 16).astype(np.float16) == vector).all(axis=1).any()
