import faiss
import numpy as np
import pytest

from service.patchcore.exact_index import ExactIndex

RNG = np.random.default_rng(2)
VECTORS = RNG.standard_normal((400, 24)).astype(np.float16)
QUERIES = RNG.standard_normal((64, 24)).astype(np.float32)


def direct(k: int) -> np.ndarray:
    difference = QUERIES[:, None].astype(np.float64) - VECTORS[None].astype(np.float64)
    return np.sort(np.sqrt((difference**2).sum(axis=2)), axis=1)[:, :k]


@pytest.mark.parametrize("k", [1, 5, 400])
def test_distances_are_euclidean_and_ascending(k: int) -> None:
    index = ExactIndex(VECTORS)
    distances, found = index.search(QUERIES, k)
    assert distances.dtype == np.float32
    assert found.dtype == np.int64
    assert np.allclose(distances, direct(k), rtol=1e-5)
    named = np.linalg.norm(QUERIES[:, None] - VECTORS[found].astype(np.float32), axis=2)
    assert np.allclose(distances, named, rtol=1e-5)


def test_a_stored_vector_is_at_distance_zero() -> None:
    far = (VECTORS.astype(np.float32) + 500).astype(np.float16)
    distances, _ = ExactIndex(far).search(far.astype(np.float32))
    assert (distances == 0).all()


def test_a_patch_scores_the_same_alone_and_in_a_batch() -> None:
    index = ExactIndex(VECTORS)
    whole, _ = index.search(QUERIES)
    alone = np.concatenate([index.search(q[None])[0] for q in QUERIES])
    assert np.array_equal(whole, alone)


def test_dim_and_size_are_the_banks() -> None:
    index = ExactIndex(VECTORS)
    assert (index.dim, index.size) == (24, 400)


def test_a_closed_index_says_so() -> None:
    index = ExactIndex(VECTORS)
    index.close()
    index.close()
    with pytest.raises(RuntimeError, match="closed"):
        index.search(QUERIES)


def test_what_cannot_be_searched_is_refused() -> None:
    index = ExactIndex(VECTORS)
    with pytest.raises(ValueError, match="24 dimensions"):
        index.search(QUERIES[:, :3])
    with pytest.raises(ValueError, match="outside"):
        index.search(QUERIES, 401)
    with pytest.raises(ValueError, match="no bank"):
        ExactIndex(VECTORS[:0])


@pytest.mark.skipif(hasattr(faiss, "StandardGpuResources"), reason="this FAISS has CUDA")
def test_cuda_without_a_gpu_build_is_refused() -> None:
    with pytest.raises(RuntimeError, match="faiss-gpu"):
        ExactIndex(VECTORS, device="cuda")


@pytest.mark.gpu
@pytest.mark.skipif(
    not hasattr(faiss, "StandardGpuResources") or faiss.get_num_gpus() == 0, reason="needs a CUDA device"
)
def test_cuda_and_cpu_find_the_same() -> None:
    gpu, cpu = ExactIndex(VECTORS, device="cuda"), ExactIndex(VECTORS)
    assert np.allclose(gpu.search(QUERIES)[0], cpu.search(QUERIES)[0], rtol=1e-5)
    gpu.close()
