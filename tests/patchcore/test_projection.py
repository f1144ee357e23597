import numpy as np

from service.patchcore.projection import project


def test_few_dimensions_pass_unchanged() -> None:
    features = np.random.default_rng(0).standard_normal((9, 8)).astype(np.float32)
    assert np.array_equal(project(features, 8, 0), features)


def test_a_stored_vector_lands_on_the_same_bits_in_any_batch() -> None:
    stored = (100 * np.random.default_rng(0).standard_normal((500, 300))).astype(np.float16)
    whole = project(stored, 32, 7)
    assert all(np.array_equal(project(stored[i : i + 1], 32, 7)[0], whole[i]) for i in range(0, 500, 7))
    assert np.array_equal(project(stored[::-1], 32, 7)[::-1], whole)


def test_distances_are_kept_on_average() -> None:
    features = np.random.default_rng(0).standard_normal((200, 1000)).astype(np.float32)
    small = project(features, 128, 0)
    ratio = np.linalg.norm(small[1:] - small[:-1], axis=1) / np.linalg.norm(
        features[1:] - features[:-1], axis=1
    )
    assert abs(ratio.mean() - 1) < 0.03
    assert ratio.std() < 0.1


def test_seeds_give_different_projections() -> None:
    features = np.ones((1, 64), np.float32)
    assert not np.array_equal(project(features, 8, 0), project(features, 8, 1))
