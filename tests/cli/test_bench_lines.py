"""``patchline bench lines``: a few lines on one inspector."""

import pytest

from tests.cli.conftest import Command


@pytest.mark.slow
def test_all_lines_are_served_and_the_memory_that_they_take_is_told(patchline: Command) -> None:
    told = patchline("bench", "lines", "--lines", 3, "--vectors", 500, "--json").json
    assert (told["frames"], told["lost"], told["doubled"], told["faults"]) == (6, 0, 0, 0)
    # No inspector with a network in its worker holds less.
    assert told["peak_mb"] > 150
