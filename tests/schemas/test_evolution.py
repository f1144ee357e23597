"""Messages of released versions and of today are read by both: schemas grow and take nothing back."""

import copy
import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from schemas.documents import MODELS, json_schemas
from tests.schemas.evolution import breaks
from tests.schemas.examples import examples, released_versions

RELEASES = pytest.mark.parametrize("release", released_versions(), ids=lambda path: path.name)
ADAPTERS = dict(MODELS.values())


def released(folder: Path) -> dict[str, dict[str, Any]]:
    """The schemas of a release, by name."""
    return {
        path.name.removesuffix(".schema.json"): json.loads(path.read_text())
        for path in folder.glob("*.schema.json")
    }


def messages(folder: Path) -> list[tuple[str, dict[str, Any]]]:
    """What programs of a release wrote, with the names of their schemas."""
    told = json.loads((folder / "examples.json").read_text())
    return [(name, message) for name, every in told.items() for message in every]


@RELEASES
def test_schemas_take_nothing_back(release: Path) -> None:
    old, new = released(release), json_schemas()
    assert old.keys() <= new.keys()
    assert {name: breaks(old[name], new[name]) for name in old if breaks(old[name], new[name])} == {}


@RELEASES
def test_a_message_of_a_release_is_read_today_and_says_the_same(release: Path) -> None:
    for name, message in messages(release):
        read = ADAPTERS[name].validate_json(json.dumps(message))
        again = json.loads(ADAPTERS[name].dump_json(read, exclude_none=True))
        assert {key: again[key] for key in message} == message
        jsonschema.validate(message, json_schemas()[name])


@RELEASES
def test_a_message_of_today_is_read_by_a_release(release: Path) -> None:
    # What is new since then has no reader of that time.
    old = released(release)
    for name, every in examples().items():
        for message in every:
            jsonschema.validate(message, old.get(name, {}))


def test_the_examples_are_of_every_message_that_is_json() -> None:
    assert examples().keys() == json_schemas().keys() - {"frame-headers", "dead-letter-headers"}


def broken(change: Any) -> list[str]:
    """What a change of today's verdict would break."""
    old = json_schemas()["verdict"]
    new = copy.deepcopy(old)
    change(new)
    return breaks(old, new)


def test_growth_is_no_break_and_each_way_to_take_back_is_one() -> None:
    assert broken(lambda s: None) == []
    assert broken(lambda s: s["properties"].update(of_tomorrow={"type": "string"})) == []
    assert broken(lambda s: s["$defs"]["FaultReason"]["enum"].append("of-tomorrow")) == []
    assert broken(lambda s: s["properties"].pop("camera")) == [".camera is gone"]
    assert broken(lambda s: s["required"].append("camera")) != []
    assert broken(lambda s: s["required"].remove("line")) != []
    assert broken(lambda s: s["properties"]["line"].update(maxLength=3)) != []
    assert broken(lambda s: s["$defs"]["FaultReason"]["enum"].remove("flat")) != []
    assert broken(lambda s: s["properties"]["score"]["anyOf"].pop(0)) != []
    assert broken(lambda s: s["$defs"]["Region"]["properties"].pop("x")) != []
    assert broken(lambda s: s.update(additionalProperties=False)) != []


def test_a_field_that_is_new_and_required_is_a_break() -> None:
    def demand(schema: dict[str, Any]) -> None:
        schema["properties"]["of_tomorrow"] = {"type": "string"}
        schema["required"].append("of_tomorrow")

    assert ".of_tomorrow is new and required" in broken(demand)
