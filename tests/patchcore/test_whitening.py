import numpy as np
import pytest

from service.patchcore.whitening import Whitening

RNG = np.random.default_rng(4)


def skewed(count: int = 4000) -> np.ndarray:
    return (3 + RNG.standard_normal((count, 6)) @ RNG.standard_normal((6, 6))).astype(np.float32)


def test_whitened_patches_spread_alike_in_every_direction() -> None:
    features = skewed()
    white = Whitening.fit(features, 1e-6).apply(features)
    assert np.allclose(np.cov(white.T), np.eye(6), atol=1e-2)
    assert np.allclose(white.mean(axis=0), 0, atol=1e-3)


def test_directions_without_spread_stay_finite() -> None:
    features = np.pad(skewed(), ((0, 0), (0, 2)))
    assert np.isfinite(Whitening.fit(features, 1e-3).apply(features)).all()


def test_a_patch_is_whitened_the_same_alone_and_in_a_batch() -> None:
    features = skewed(300)
    whitening = Whitening.fit(features, 1e-3)
    alone = np.concatenate([whitening.apply(row[None]) for row in features])
    assert np.allclose(whitening.apply(features), alone, rtol=2e-7, atol=0)


def test_shape_is_kept() -> None:
    features = skewed()
    assert Whitening.fit(features, 1e-3).apply(features[:24].reshape(4, 6, 6)).shape == (4, 6, 6)


def test_what_cannot_be_whitened_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 2"):
        Whitening.fit(skewed(1), 1e-3)
    with pytest.raises(ValueError, match="all patches are equal"):
        Whitening.fit(np.ones((5, 3), np.float32), 1e-3)
    with pytest.raises(ValueError, match="dimensions"):
        Whitening.fit(skewed(), 1e-3).apply(np.ones((2, 3), np.float32))
    with pytest.raises(ValueError, match="does not fit"):
        Whitening(np.zeros(3, np.float32), np.zeros((2, 2), np.float32))
