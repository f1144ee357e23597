from itertools import pairwise

import hypothesis.extra.numpy as hnp
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from service.patchcore import bounds, frontier
from service.patchcore.coreset import greedy_coreset
from service.patchcore.distance import Products, slack, squared_distances
from tests.patchcore.plain_greedy import plain_greedy

Points = NDArray[np.float32]

# Few values make ties and duplicates; wide ones make products lose their digits.
VALUES = st.one_of(
    st.integers(-2, 2).map(float),
    st.floats(-1e4, 1e4, width=32),
    st.sampled_from([1e6, 1e6 + 1, 1e-20, 1e-40, -1e6]),
)
POINTS = hnp.arrays(np.float32, st.tuples(st.integers(1, 40), st.integers(1, 6)), elements=VALUES)


def clusters(count: int, width: int = 24, seed: int = 0) -> Points:
    rng = np.random.default_rng(seed)
    centres = 10 * rng.standard_normal((12, width))
    spread = rng.gamma(1.0, 0.5, (count, 1))
    cloud = centres[rng.integers(0, 12, count)] + spread * rng.standard_normal((count, width))
    return cloud.astype(np.float32)


def assert_plain(points: Points, keep: int, until: float = -1.0, seen: Points | None = None) -> None:
    indices, radii, radius = plain_greedy(points, keep, until_radius=until, seen=seen)
    fast = greedy_coreset(points, keep=keep, until_radius=None if until < 0 else until, seen=seen)
    assert fast.indices.tolist() == indices
    assert fast.radii.tolist() == [float(r) for r in radii]
    assert fast.radius == radius


@given(points=POINTS, keep=st.integers(1, 45), data=st.data())
@settings(max_examples=150, deadline=None)
def test_fast_greedy_equals_the_plain_loop(points: Points, keep: int, data: st.DataObject) -> None:
    block = data.draw(st.sampled_from([1, 2, 7, 1024]))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(frontier, "BLOCK", block)
        patch.setattr(bounds, "COLUMNS", 3)
        assert_plain(points, keep)


@given(points=POINTS, count=st.integers(1, 8), until=st.floats(0, 50), data=st.data())
@settings(max_examples=100, deadline=None)
def test_seeded_greedy_equals_the_plain_loop(
    points: Points, count: int, until: float, data: st.DataObject
) -> None:
    seen = data.draw(hnp.arrays(np.float32, (count, points.shape[1]), elements=VALUES))
    block = data.draw(st.sampled_from([1, 2, 7, 1024]))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(frontier, "BLOCK", block)
        for name, size in (("COLUMNS", 3), ("ROWS", 5), ("SETTLED_ROWS", 3), ("NORMED_ROWS", 4)):
            patch.setattr(bounds, name, size)
        assert_plain(points, len(points), until, seen)


@pytest.mark.parametrize("keep", [1, 2, 400, 3000])
def test_many_blocks_equal_the_plain_loop(keep: int) -> None:
    assert_plain(clusters(3000), keep)


@pytest.mark.parametrize("keep", [1, 60, 2500])
def test_ties_go_to_the_lowest_index(keep: int) -> None:
    lattice = np.round(clusters(2500, width=3) / 4).astype(np.float32)
    assert_plain(lattice, keep)


def test_equal_points_are_chosen_in_order() -> None:
    chosen = greedy_coreset(np.full((1500, 4), 3.25, np.float32), keep=1500)
    assert chosen.indices.tolist() == list(range(1500))
    assert chosen.radius == 0


def test_near_duplicates_far_from_the_origin_equal_the_plain_loop() -> None:
    rng = np.random.default_rng(1)
    tight = rng.integers(-3, 4, (600, 8)) * 2.0**-10 + 1000 * rng.integers(0, 2, (600, 1))
    assert_plain(tight.astype(np.float32), 300)


def test_the_radius_is_exact_where_nothing_is_chosen() -> None:
    # So far off that products lose their digits, and so near one another.
    points = np.float32(1e-5) * clusters(1500)
    assert_plain(points, 300, 1e6, clusters(20, seed=3) + np.float32(1000))


def test_the_first_choice_is_exact_where_norms_alone_would_err() -> None:
    points = np.array([[-0.1], [0.30000001192092896], [0.1]], np.float32)
    assert greedy_coreset(points, keep=1).indices[0] == 0


@pytest.mark.parametrize("keep", [1, 300])
def test_rows_that_are_apart_in_memory_are_chosen_alike(keep: int) -> None:
    points = clusters(1500)
    apart = greedy_coreset(np.asfortranarray(points), keep=keep)
    assert apart.indices.tolist() == greedy_coreset(points, keep=keep).indices.tolist()


def test_every_prefix_is_the_selection_of_its_size() -> None:
    points = clusters(1200)
    long, short = greedy_coreset(points, keep=300), greedy_coreset(points, keep=90)
    assert long.indices[:90].tolist() == short.indices.tolist()
    assert short.radius == long.radii[90]


def test_radius_is_the_distance_of_the_farthest_point() -> None:
    points = clusters(1500)
    chosen = greedy_coreset(points, keep=40)
    direct = np.stack([squared_distances(points, points[i][None]) for i in chosen.indices])
    assert chosen.radius == pytest.approx(np.sqrt(direct.min(axis=0).max()), rel=1e-6)


def test_going_on_from_seen_continues_the_selection() -> None:
    points = clusters(1200)
    whole = greedy_coreset(points, keep=200)
    first = whole.indices[:80]
    rest = np.setdiff1d(np.arange(len(points)), first)
    more = greedy_coreset(points[rest], seen=points[first], keep=120)
    assert rest[more.indices].tolist() == whole.indices[80:].tolist()


@pytest.mark.parametrize("share", [0.0, 0.5, 0.9, 0.99, 1.0])
def test_points_that_many_seen_ones_cover_change_neither_choice_nor_radius(share: float) -> None:
    seen, points = clusters(3 * bounds.COLUMNS), clusters(1500)
    near = np.array([np.sqrt(squared_distances(seen, point[None])).min() for point in points])
    # From a radius that no point is beyond to one that all are: the share of them that is covered before.
    assert_plain(points, 200, float(np.quantile(near, share)), seen)


def test_start_is_chosen_first() -> None:
    assert greedy_coreset(clusters(50), keep=5, start=7).indices[0] == 7


@given(
    points=POINTS,
    keep=st.one_of(st.none(), st.integers(1, 45)),
    until=st.one_of(st.none(), st.floats(0, 50)),
    data=st.data(),
)
@settings(max_examples=60, deadline=None)
def test_progress_only_rises_ends_whole_and_changes_no_choice(
    points: Points, keep: int | None, until: float | None, data: st.DataObject
) -> None:
    assume(keep is not None or until is not None)
    seen = data.draw(st.none() | hnp.arrays(np.float32, (3, points.shape[1]), elements=VALUES))
    calls: list[tuple[int, int]] = []
    watched = greedy_coreset(
        points,
        keep=keep,
        until_radius=until,
        seen=seen,
        progress=lambda done, most: calls.append((done, most)),
    )
    alone = greedy_coreset(points, keep=keep, until_radius=until, seen=seen)
    assert np.array_equal(watched.indices, alone.indices)
    assert watched.radius == alone.radius
    assert calls[-1] == (len(alone.indices), len(alone.indices))
    assert all(a[0] <= b[0] and a[1] >= b[1] for a, b in pairwise(calls))


def test_a_long_selection_tells_how_far_it_is() -> None:
    shares: list[float] = []
    greedy_coreset(clusters(3000), keep=2900, progress=lambda done, most: shares.append(done / most))
    assert sum(0 < share < 1 for share in shares) >= 2


def test_nothing_new_selects_nothing() -> None:
    points = clusters(30)
    assert greedy_coreset(points, seen=points, until_radius=0.0).indices.size == 0
    assert greedy_coreset(points[:0], seen=points, until_radius=0.0).radius == 0


@given(points=POINTS)
@settings(max_examples=200, deadline=None)
def test_slack_bounds_every_product(points: Points) -> None:
    centre = points.mean(axis=0, dtype=np.float64).astype(np.float32)
    products = Products.of(points, centre)
    near = products.norms[:, None] - 2.0 * (products.left @ products.right(slice(None)).T)
    exact = np.stack([squared_distances(points, p[None]) for p in points], axis=1)
    doubt = slack(products.norms, float(products.norms.max()), points.shape[1])
    assert (np.abs(near - exact) <= doubt[:, None]).all()


@pytest.mark.parametrize(
    ("points", "options", "message"),
    [
        (np.zeros((3, 2), np.float32), {}, "no stop rule"),
        (np.zeros((3, 2), np.float32), {"keep": 0}, "keep 0"),
        (np.zeros((3, 2), np.float32), {"until_radius": float("nan")}, "no distance"),
        (np.full((3, 2), np.nan, np.float32), {"keep": 1}, "not finite"),
        (np.full((3, 2), np.inf, np.float32), {"keep": 1}, "not finite"),
        (np.zeros((3, 2), np.float64), {"keep": 1}, "give float32"),
        (np.zeros((3, 2), np.float32), {"keep": 1, "seen": np.zeros((1, 3), np.float32)}, "same D"),
        (np.zeros((3, 2), np.float32), {"keep": 1, "start": 3}, "start 3"),
    ],
)
def test_what_cannot_be_selected_is_refused(points: Points, options: dict[str, float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        greedy_coreset(points, **options)  # type: ignore[arg-type]
