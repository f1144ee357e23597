"""``patchline bench start``: three starts that happened."""

import pytest

from tests.cli.conftest import Command


@pytest.mark.slow
def test_the_three_waits_are_measured(patchline: Command) -> None:
    told = patchline("bench", "start", "--rounds", 1, "--json").json
    assert 0 < told["help_seconds"] < told["inspect_seconds"]
    assert told["inspector_ready_seconds"] > 0
