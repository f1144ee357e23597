"""``patchline bench fit``: the seconds and the memory are those of a training that happened."""

import pytest

from tests.cli.conftest import Command

MIB_OF_A_PROCESS_WITH_TORCH = 150


@pytest.mark.slow
def test_a_training_is_measured_from_folder_to_bank(patchline: Command) -> None:
    told = patchline("bench", "fit", "--parts", 6, "--side", 320, "--recipe", "plain", "--json").json
    assert (told["parts"], told["input"], told["patches"]) == (6, [256, 256], 6 * 32 * 32)
    assert told["vectors"] >= 100
    assert told["seconds"] > 0
    assert told["peak_rss_mb"] > MIB_OF_A_PROCESS_WITH_TORCH
    assert told["size_bytes"] > 0
