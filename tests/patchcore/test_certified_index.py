"""The laws of every index: the largest distance of a picture is exact, no other is below the exact one."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from service.patchcore import candidates, nearest_distances, search
from service.patchcore.certified_index import CertifiedIndex
from service.patchcore.effort import least_enough, promising
from service.patchcore.exact_index import ExactIndex
from service.patchcore.level_index import LevelIndex
from service.patchcore.product_index import ProductIndex
from service.patchcore.search import PatchIndex, index_of

Make = Callable[[NDArray[np.floating]], PatchIndex]


def listed(bank: NDArray[np.floating]) -> PatchIndex:
    """Certified, with the lists that a large bank has."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(candidates, "LARGEST_GRAPH", 0)
        index = CertifiedIndex(bank)
    assert index.name.startswith("certified lists")
    return index


INDEXES: dict[str, Make] = {
    "exact": ExactIndex,
    "product": ProductIndex,
    "certified": CertifiedIndex,
    "listed": listed,
}
CLOSE = 2e-6


@st.composite
def drawn(draw: st.DrawFn) -> tuple[NDArray[np.float16], NDArray[np.float32], int]:
    """A bank, duplicates and offsets among it, and the patches of some pictures, some of them its own."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    count, dim = draw(st.integers(1, 300)), draw(st.integers(1, 40))
    pictures, patches = draw(st.integers(1, 4)), draw(st.integers(1, 30))
    scale = draw(st.sampled_from([1e-2, 1.0, 100.0]))
    offset = draw(st.sampled_from([0.0, 0.0, 30.0]))
    kinds = rng.standard_normal((draw(st.integers(1, 8)), dim))
    vectors = kinds[rng.integers(0, len(kinds), count)] + draw(st.sampled_from([0, 0.1, 2])) * (
        rng.standard_normal((count, dim))
    )
    bank = (scale * (vectors + offset)).astype(np.float16)
    queries = scale * (offset + 2 * rng.standard_normal((pictures * patches, dim)))
    own = rng.random(len(queries)) < draw(st.sampled_from([0, 0.5, 1]))
    queries[own] = bank[rng.integers(0, count, int(own.sum()))]
    return bank, queries.astype(np.float32), pictures


def tolerance(bank: NDArray[np.float16], queries: NDArray[np.float32]) -> float:
    """Distances of float32 cannot tell vectors apart beyond the values' own last digits."""
    return CLOSE * float(max(np.abs(bank.astype(np.float32)).max(), np.abs(queries).max()))


def test_nothing_but_a_copy_is_made_of_a_very_large_bank(monkeypatch: pytest.MonkeyPatch) -> None:
    bank, _ = clustered(5000, 1)
    monkeypatch.setattr(search, "MOST_PREPARED", len(bank) - 1)
    assert isinstance(index_of(bank, (), search="certified"), ExactIndex)
    assert isinstance(index_of(bank, (), search="certified", score="max-minus-half-median"), ExactIndex)


@pytest.mark.parametrize("kind", INDEXES)
@settings(deadline=None, max_examples=60)
@given(case=drawn())
def test_largest_distance_of_each_picture_is_exact_and_none_is_too_small(
    kind: str, case: tuple[NDArray[np.float16], NDArray[np.float32], int]
) -> None:
    bank, queries, pictures = case
    index, exact = INDEXES[kind](bank), nearest_distances(queries, bank)
    found, allowed = index.nearest(queries, pictures), tolerance(bank, queries)
    largest = exact.reshape(pictures, -1).max(axis=1)
    assert np.allclose(found.reshape(pictures, -1).max(axis=1), largest, rtol=CLOSE, atol=allowed)
    assert (found >= exact * (1 - CLOSE) - allowed).all()
    if kind in ("exact", "product"):
        assert np.allclose(found, exact, rtol=CLOSE, atol=allowed)


@given(seed=st.integers(0, 2**32 - 1), far=st.sampled_from([0.0, 1.0, 50.0]))
@settings(deadline=None, max_examples=40)
@example(seed=0, far=0.0)
def test_product_is_exact_also_where_all_products_are_negative(seed: int, far: float) -> None:
    # Patches at the mean of vectors on a sphere: every product is -|v|^2 / 2.
    rng = np.random.default_rng(seed)
    around = rng.standard_normal((200, 12))
    bank = (around / np.linalg.norm(around, axis=1, keepdims=True) + far).astype(np.float16)
    queries = (bank.mean(axis=0, dtype=np.float64) + 1e-3 * rng.standard_normal((50, 12))).astype(np.float32)
    found = ProductIndex(bank).nearest(queries)
    assert np.allclose(found, nearest_distances(queries, bank), rtol=1e-5)


def test_a_picture_in_a_batch_scores_as_alone() -> None:
    bank, queries = clustered(3000, 4 * 50)
    for make in INDEXES.values():
        index = make(bank)
        alone = [index.nearest(queries[at : at + 50]) for at in range(0, 200, 50)]
        assert np.array_equal(index.nearest(queries, 4), np.concatenate(alone))


@pytest.mark.parametrize("kind", ["certified", "listed"])
def test_same_vectors_give_the_same_candidates(kind: str) -> None:
    bank, queries = clustered(5000, 300)
    one, other = INDEXES[kind](bank), INDEXES[kind](bank.copy())
    assert one.name == other.name
    assert np.array_equal(one.nearest(queries), other.nearest(queries))


def test_certified_finds_most_patches_exactly_with_little_effort() -> None:
    bank, queries = clustered(5000, 1000)
    index = CertifiedIndex(bank)
    assert index.fit
    assert index.effort <= 10
    exact = nearest_distances(queries, bank)
    assert (index.nearest(queries) <= exact * (1 + 1e-5)).mean() > 0.95


def test_a_bank_without_neighbourhoods_is_not_fit_and_gets_another_index(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # As if a few of its vectors had not shown it.
    monkeypatch.setattr(search, "promising", lambda _: True)
    bank = scattered()
    assert not CertifiedIndex(bank).fit
    assert not isinstance(index_of(bank, (), search="certified"), CertifiedIndex)


def test_no_graph_of_all_is_built_where_one_of_a_few_finds_too_little(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bank = scattered()
    monkeypatch.delattr(search, "CertifiedIndex")
    assert index_of(bank, (), search="certified").size == len(bank)


def test_a_few_vectors_show_whether_a_bank_has_neighbourhoods() -> None:
    assert promising(clustered(5000, 1)[0])
    assert not promising(scattered())


def test_effort_is_the_least_that_finds_enough() -> None:
    class Found(candidates.Graph):
        def near(self, points: NDArray[np.float32], effort: int) -> NDArray[np.float32]:
            return super().near(points, 24) if effort >= 12 else np.full(len(points), np.inf, np.float32)

    bank, _ = clustered(3000, 1)
    graph = Found(bank)
    assert least_enough(graph, bank, graph.efforts) == 12
    assert least_enough(graph, bank, graph.efforts[:2]) is None


def test_index_is_chosen_by_bank_and_score() -> None:
    bank, _ = clustered(5000, 1)
    assert isinstance(index_of(bank, (), search="certified"), CertifiedIndex)
    assert isinstance(index_of(bank, (), search="exact"), ExactIndex)
    levelled = index_of(bank, (8, 16), search="certified", score="max-minus-half-quartile")
    assert isinstance(levelled, LevelIndex)
    quantile = index_of(bank, (), search="certified", score="max-minus-half-median")
    assert not isinstance(quantile, CertifiedIndex)


@pytest.mark.parametrize("kind", INDEXES)
def test_what_cannot_be_searched_is_refused(kind: str) -> None:
    bank, queries = clustered(300, 10)
    index = INDEXES[kind](bank)
    with pytest.raises(ValueError, match="24 dimensions"):
        index.nearest(queries[:, :5])
    with pytest.raises(ValueError, match="no bank"):
        INDEXES[kind](bank[:0])
    index.close()
    index.close()
    with pytest.raises(RuntimeError, match="closed"):
        index.nearest(queries)


def test_patches_that_no_equal_pictures_make_are_refused() -> None:
    bank, queries = clustered(300, 10)
    with pytest.raises(ValueError, match="3 pictures"):
        CertifiedIndex(bank).nearest(queries, 3)


def test_vectors_that_float16_would_round_are_not_certified() -> None:
    bank = clustered(5000, 1)[0].astype(np.float32)
    with pytest.raises(ValueError, match="float16"):
        CertifiedIndex(bank)  # type: ignore[arg-type]
    assert not isinstance(index_of(bank, (), search="certified"), CertifiedIndex)


@pytest.mark.parametrize("kind", ["product", "certified", "listed"])
def test_a_query_that_is_no_number_is_refused_where_a_bound_would_hide_it(kind: str) -> None:
    bank, queries = clustered(300, 10)
    queries[3, 0] = np.nan
    with pytest.raises(ValueError, match="not finite"):
        INDEXES[kind](bank).nearest(queries)


def scattered() -> NDArray[np.float16]:
    """Vectors without neighbourhoods."""
    return np.random.default_rng(0).standard_normal((4200, 60)).astype(np.float16)


def clustered(count: int, patches: int) -> tuple[NDArray[np.float16], NDArray[np.float32]]:
    """Vectors around 40 kinds of patch in few directions, as a network's are."""
    rng = np.random.default_rng(7)
    kinds, spread = 3 * rng.standard_normal((40, 24)), rng.standard_normal((4, 24))
    rows = kinds[rng.integers(0, 40, count + patches)] + rng.standard_normal((count + patches, 4)) @ spread
    return rows[:count].astype(np.float16), rows[count:].astype(np.float32)
