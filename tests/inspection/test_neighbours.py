"""Neighbours: the nearest vectors, each of another part, in the order of their distance."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from service.inspection.neighbours import nearest_parts
from service.inspection.patch_grid import PatchGrid
from service.patchcore.memory_bank import MemoryBank
from service.patchcore.recipe import Recipe


def bank_of(seed: int, vectors: int, parts: int, levels: tuple[int, ...]) -> MemoryBank:
    rng = np.random.default_rng(seed)
    return MemoryBank(
        vectors=rng.normal(size=(vectors, 6)).astype(np.float16),
        vector_part=rng.integers(parts, size=vectors).astype(np.int32),
        calibration_scores=np.ones(3, np.float32),
        calibration_parts=np.arange(3, dtype=np.int32),
        selection_radius=0.0,
        coverage_radius=0.0,
        grid=(2, 2),
        recipe=Recipe(),
        levels=levels,
    )


@given(
    seed=st.integers(0, 10_000),
    vectors=st.integers(1, 60),
    parts=st.integers(1, 8),
    levels=st.sampled_from([(), (2, 4), (6,)]),
)
def test_no_other_vector_of_another_part_is_nearer(
    seed: int, vectors: int, parts: int, levels: tuple[int, ...]
) -> None:
    bank = bank_of(seed, vectors, parts, levels)
    patch = np.random.default_rng(seed + 1).normal(size=6).astype(np.float32)
    found = nearest_parts(bank, patch)
    cuts = np.split(bank.vectors.astype(np.float64) - patch, np.cumsum(levels or (6,))[:-1], axis=1)
    distances = sum(np.linalg.norm(cut, axis=1) for cut in cuts)
    of_part = {int(part): float(distances[bank.vector_part == part].min()) for part in set(bank.vector_part)}
    wanted = sorted(of_part.values())[:3]
    assert len({near.part for near in found}) == len(found) == len(wanted)
    assert np.allclose([near.distance for near in found], wanted, rtol=1e-4)
    assert all(bank.vector_part[near.vector] == near.part for near in found)


def test_a_cell_that_counts_is_found_among_those_that_are_kept() -> None:
    counted = np.array([[False, True], [True, False]])
    grid = PatchGrid(2, 2, counted)
    assert [grid.kept_index(cell) for cell in (1, 2)] == [0, 1]
    assert PatchGrid(2, 2).kept_index(3) == 3
