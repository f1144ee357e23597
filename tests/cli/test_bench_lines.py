"""``patchline bench lines``: a few lines on one inspector."""

import pytest

from tests.cli.conftest import Command


@pytest.mark.slow
def test_all_lines_are_served_and_the_memory_that_they_take_is_told(patchline: Command) -> None:
    told = patchline("bench", "lines", "--lines", 3, "--vectors", 500, "--json").json
    assert (told["frames"], told["lost"], told["doubled"], told["faults"]) == (6, 0, 0, 0)
    # No inspector with a network in its worker holds less.
    assert told["peak_mb"] > 150


@pytest.mark.slow
def test_how_memory_goes_on_is_told_for_as_long_as_asked(patchline: Command) -> None:
    told = patchline("bench", "lines", "--lines", 2, "--vectors", 500, "--minutes", 0.1, "--json").json
    assert told["frames"] == 6
    assert (told["lost"], told["doubled"], told["faults"]) == (0, 0, 0)
    # Nobody has written what libraries are.
    assert 0 < told["first_own_mb"] < told["peak_mb"]
    assert 0 < told["last_own_mb"] < told["peak_mb"]
    assert len(told["tenths_own_mb"]) == 10
    assert (told["tenths_own_mb"][0], told["tenths_own_mb"][-1]) == (
        told["first_own_mb"],
        told["last_own_mb"],
    )
