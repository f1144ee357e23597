"""``patchline bench search``: its keys, and that what it compares is what it says."""

import pytest

from tests.cli.conftest import Command


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_search_is_measured_beside_the_exact_one(patchline: Command) -> None:
    told = patchline(
        "bench", "search", "--vectors", 5000, "--large", 0, "--judged", 6, "--rounds", 2, "--json"
    )
    figures = told.json
    for found in (figures, figures["balanced"]):
        keys = {"exact_ms", "ms", "speedup", "image_scores_equal_share", "patches_equal_share"}
        assert {*keys, "image_auroc_delta"} <= set(found)
        assert found["image_scores_equal_share"] == 1
        assert found["image_auroc_delta"] == 0
    assert figures["patches"] == 1024
    assert figures["patches_equal_share"] > 0.9
    assert figures["balanced"]["patches_equal_share"] == 1
