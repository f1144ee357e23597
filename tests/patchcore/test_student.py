import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import t as scipy_t  # type: ignore[import-untyped]

from service.patchcore.student import student_tail


@given(t=st.floats(-30, 30), freedom=st.integers(1, 200))
def test_the_tail_agrees_with_scipy(t: float, freedom: int) -> None:
    assert student_tail(t, freedom) == pytest.approx(float(scipy_t.sf(t, freedom)), abs=1e-12)


def test_no_degree_of_freedom_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 1"):
        student_tail(1.0, 0)
