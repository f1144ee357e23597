"""The law of products in bfloat16: what they rule out cannot be the nearest."""

import hypothesis.extra.numpy as hnp
import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from service.patchcore.bfloat16 import Left, Right, reaching

VALUES = st.one_of(
    st.integers(-2, 2).map(float),
    st.floats(-1e4, 1e4, width=32),
    st.sampled_from([1e6, 1e6 + 1, 1e-20, 1e-40, -1e6]),
)


def points(rows: int) -> st.SearchStrategy[NDArray[np.float32]]:
    return hnp.arrays(np.float32, (rows, 5), elements=VALUES)


@given(
    left=st.integers(1, 9).flatmap(points), right=st.integers(1, 40).flatmap(points), fold=st.integers(1, 9)
)
@settings(max_examples=200, deadline=None)
def test_the_nearest_is_always_among_those_that_reach(
    left: NDArray[np.float32], right: NDArray[np.float32], fold: int
) -> None:
    exact = ((left[:, None].astype(np.float64) - right) ** 2).sum(axis=2)
    others = Right.of(torch.from_numpy(right), fold)
    row, column = reaching(Left.of(torch.from_numpy(left), others), others)
    assert (np.diff(row.numpy()) >= 0).all()
    assert int(column.max()) < len(right)
    found = set(zip(row.tolist(), column.tolist(), strict=True))
    assert all((place, int(best)) in found for place, best in enumerate(exact.argmin(axis=1)))


@given(left=st.integers(1, 9).flatmap(points), right=st.integers(1, 40).flatmap(points))
@settings(max_examples=200, deadline=None)
def test_no_product_is_negative(left: NDArray[np.float32], right: NDArray[np.float32]) -> None:
    others = Right.of(torch.from_numpy(right))
    made = Left.of(torch.from_numpy(left), others)
    assert bool((torch.mm(made.values, others.values).view(torch.int16) >= 0).all())
