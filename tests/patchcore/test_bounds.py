import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from service.patchcore import bounds
from service.patchcore.bounds import CHOSEN, Bounds
from service.patchcore.distance import above, squared_distances
from service.patchcore.side_by_side import Crew
from tests.patchcore.test_coreset import POINTS, Points


def canonical(points: Points, centres: Points) -> Points:
    each = [squared_distances(points, centre[None]) for centre in centres]
    nearest: Points = np.min(each, axis=0)
    return nearest


@given(points=POINTS, data=st.data())
@settings(max_examples=100, deadline=None)
def test_a_bound_is_never_below_the_distance_and_is_it_once_settled(
    points: Points, data: st.DataObject
) -> None:
    index = st.integers(0, len(points) - 1)
    chosen: list[int] = []
    with pytest.MonkeyPatch.context() as patch, Crew() as crew:
        patch.setattr(bounds, "COLUMNS", 2)
        held = Bounds(points, None, crew)
        for new in data.draw(st.lists(index, min_size=1, max_size=6, unique=True)):
            held.add(new)
            chosen.append(new)
            held.refresh(rows_of(data.draw(st.sets(index))))
            held.settle(rows_of(data.draw(st.sets(index))))
        left = np.setdiff1d(np.arange(len(points)), chosen)
        exact = canonical(points, points[chosen])
        assert (held.nearest[left] >= exact[left]).all()
        held.settle(left)
        assert held.nearest[left].tolist() == exact[left].tolist()
        assert (held.nearest[chosen] == CHOSEN).all()


@given(values=st.lists(st.integers(0, 4), min_size=1, max_size=30), count=st.integers(1, 30))
def test_the_farthest_are_the_first_of_those_with_the_highest_bounds(values: list[int], count: int) -> None:
    with Crew() as crew:
        held = Bounds(np.zeros((len(values), 2), np.float32), None, crew)
    held.nearest[:] = values
    order = sorted(range(len(values)), key=lambda row: (-values[row], row))
    assert held.farthest(count).tolist() == sorted(order[:count])
    odd = np.arange(1, len(values), 2)
    assert held.farthest(count, odd).tolist() == sorted([row for row in order if row % 2][:count])


@given(points=POINTS)
def test_the_first_is_the_farthest_from_the_mean(points: Points) -> None:
    mean = points.mean(axis=0, dtype=np.float64).astype(np.float32)
    with Crew() as crew:
        assert Bounds(points, None, crew).from_mean() == squared_distances(points, mean[None]).argmax()


@given(value=st.floats(0, 1e30))
def test_what_is_rounded_up_is_never_less(value: float) -> None:
    assert float(above(np.array([value]))[0]) >= value


def rows_of(indices: set[int]) -> NDArray[np.int64]:
    return np.array(sorted(indices), dtype=np.int64)
