"""``patchline bench extract``: its keys, for every engine that is here."""

from importlib.util import find_spec

import pytest

from tests.cli.conftest import Command


@pytest.mark.slow
def test_each_engine_is_set_beside_its_network_alone(patchline: Command) -> None:
    told = patchline("bench", "extract", "--recipe", "plain", "--batch", 2, "--rounds", 3, "--json").json
    engines = [told, *told["others"]]
    for found in engines:
        assert {"engine", "batch", "ms_per_image", "share_of_backbone_rate"} <= set(found)
        assert found["batch"] == 2
        assert found["ms_per_image"] > 0
    assert {found["engine"] for found in engines} == {"torch"} | (
        {"openvino"} if find_spec("openvino") else set()
    )
