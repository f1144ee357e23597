from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from service.patchcore.coverage import coverage_radius
from service.patchcore.fit import fit
from service.patchcore.growth import grow
from service.patchcore.held_out import held_out_scores
from service.patchcore.memory_bank import MemoryBank, prepared
from service.patchcore.projection import project
from service.patchcore.recipe import Recipe
from tests.patchcore.plain_greedy import plain_greedy

Part = NDArray[np.float32]
RECIPE = Recipe(coreset_share=0.2, min_vectors=5, projection_dim=8)


def parts(count: int, seed: int, width: int = 16, side: int = 5, shift: float = 0.0) -> list[Part]:
    rng = np.random.default_rng(seed)
    pattern = np.random.default_rng(99).standard_normal((side, side, width))
    return [
        (pattern + shift + 0.3 * rng.standard_normal(pattern.shape)).astype(np.float32) for _ in range(count)
    ]


def grown(old: list[Part], new: list[Part], recipe: Recipe = RECIPE) -> tuple[MemoryBank, MemoryBank]:
    bank = fit(old, recipe)
    return bank, grow(bank, new, dict(enumerate(old)))


@given(seed=st.integers(0, 1000), shift=st.floats(0, 2), whiten=st.booleans(), width=st.sampled_from([4, 16]))
@settings(max_examples=25, deadline=None)
def test_growing_is_what_greedy_would_have_gone_on_to_choose_on_the_union(
    seed: int, shift: float, whiten: bool, width: int
) -> None:
    recipe = RECIPE.model_copy(update={"whiten": whiten})
    old, new = parts(6, seed, width), parts(3, seed + 1, width, shift=shift)
    bank, larger = grown(old, new, recipe)
    union = np.concatenate([p.reshape(-1, width) for p in [*old, *new]])
    stored = prepared(union, bank.whitening).astype(np.float16)
    space = project(stored, recipe.projection_dim, recipe.seed)
    seen = project(bank.vectors, recipe.projection_dim, recipe.seed)
    expected, _, left = plain_greedy(space, len(space), until_radius=bank.selection_radius, seen=seen)
    assert np.array_equal(larger.vectors[bank.size :], stored[expected])
    assert left <= bank.selection_radius


def test_old_vectors_stay_first_and_new_parts_are_numbered_on() -> None:
    bank, larger = grown(parts(6, 0), parts(3, 1, shift=1.5))
    assert np.array_equal(larger.vectors[: bank.size], bank.vectors)
    assert set(larger.vector_part[bank.size :].tolist()) <= {6, 7, 8}
    assert larger.next_part == 9


def test_a_part_that_teaches_nothing_still_takes_its_number() -> None:
    old = parts(6, 0)
    bank, larger = grown(old, [old[0]])
    assert larger.size == bank.size
    assert larger.next_part == 7


def test_approved_parts_never_join_the_calibration() -> None:
    old = parts(6, 0)
    bank, larger = grown(old, parts(3, 1, shift=1.5))
    assert larger.calibration_parts.tolist() == bank.calibration_parts.tolist()
    expected = held_out_scores(old, larger.vectors, larger.vector_part, RECIPE)
    assert larger.calibration_scores.tolist() == expected.tolist()
    assert (larger.calibration_scores <= bank.calibration_scores).all()


def test_growing_keeps_the_radius_and_covers_the_new_parts() -> None:
    new = parts(3, 1, shift=0.5)
    bank, larger = grown(parts(6, 0), new)
    patches = np.concatenate([part.reshape(-1, 16) for part in new]).astype(np.float16)
    assert larger.selection_radius == bank.selection_radius
    assert larger.coverage_radius == max(bank.coverage_radius, coverage_radius(patches, larger.vectors))
    assert larger.coverage_radius > bank.coverage_radius


def test_a_part_of_one_patch_can_be_learned() -> None:
    bank, larger = grown(parts(6, 0, side=1), parts(1, 1, side=1, shift=9.0))
    assert larger.size == bank.size + 1


def test_growing_twice_equals_growing_from_a_reloaded_bank() -> None:
    old, new = parts(6, 0), parts(3, 1, shift=1.0)
    bank = fit(old, RECIPE)
    copy = replace(bank, vectors=bank.vectors.copy(), recipe=Recipe(**bank.recipe.model_dump()))
    first, second = (grow(b, new, dict(enumerate(old))) for b in (bank, copy))
    assert np.array_equal(first.vectors, second.vectors)


def test_growth_without_the_known_parts_is_refused() -> None:
    old = parts(6, 0)
    with pytest.raises(ValueError, match=r"calibration parts \[5\] are missing"):
        grow(fit(old, RECIPE), parts(1, 1), dict(enumerate(old[:5])))


def test_parts_of_another_shape_are_refused() -> None:
    old = parts(6, 0)
    with pytest.raises(ValueError, match="a model of their own"):
        grow(fit(old, RECIPE), parts(1, 1, side=4), dict(enumerate(old)))
