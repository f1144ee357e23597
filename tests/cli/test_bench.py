"""Laws of the benchmarks: they measure what they say."""

import json
from pathlib import Path

import numpy as np
import pytest

from tests.patchcore.plain_greedy import plain_greedy
from workers.cli.app import run


def test_the_coreset_benchmark_selects_what_plain_greedy_selects(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    features = np.random.default_rng(3).standard_normal((300, 12), dtype=np.float32)
    np.save(tmp_path / "features.npy", features)
    arguments = ["--input", str(tmp_path / "features.npy"), "--keep", "40", "--json"]
    assert run(["bench", "coreset", *arguments, "--output", str(tmp_path / "order.npy")]) == 0
    said = json.loads(capsys.readouterr().out)
    order = np.load(tmp_path / "order.npy")
    assert (said["vectors"], said["dim"], said["keep"]) == (300, 12, 40)
    np.testing.assert_array_equal(order, plain_greedy(features, keep=40)[0])
    left = np.linalg.norm(features[:, None] - features[order][None], axis=2).min(axis=1).max()
    assert said["radius"] == pytest.approx(left, rel=1e-5)


def test_a_projection_that_is_none_is_refused() -> None:
    assert run(["bench", "coreset", "--vectors", "50", "--keep", "5", "--projection", "many"]) == 2
