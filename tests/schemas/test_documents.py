"""The documents agree with the models."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from schemas.documents import asyncapi, json_schemas, main, outdated, write
from schemas.topics import TOPICS
from tests.schemas.test_messages import a_verdict


def test_the_checked_in_documents_are_what_the_models_say() -> None:
    assert outdated() == []


def test_a_document_that_was_edited_is_named(tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / "alert.schema.json").write_text("{}")
    (tmp_path / "stranger.json").write_text("{}")
    assert outdated(tmp_path) == ["alert.schema.json", "stranger.json"]


def test_check_exits_zero_when_current() -> None:
    assert main(["--check"]) == 0


@pytest.mark.parametrize("name", sorted(json_schemas()))
def test_every_schema_is_a_schema(name: str) -> None:
    jsonschema.Draft202012Validator.check_schema(json_schemas()[name])


def test_a_verdict_passes_its_published_schema() -> None:
    jsonschema.validate(json.loads(a_verdict().to_bytes()), json_schemas()["verdict"])


def test_every_topic_has_its_channel_and_every_reference_resolves() -> None:
    document = asyncapi()
    assert set(document["channels"]) == {kind.value for kind in TOPICS}
    for reference in _references(document):
        assert _resolve(document, reference) is not None


def _references(node: Any) -> list[str]:
    if isinstance(node, dict):
        own = [node["$ref"]] if isinstance(node.get("$ref"), str) else []
        return own + [found for value in node.values() for found in _references(value)]
    return [found for item in node for found in _references(item)] if isinstance(node, list) else []


def _resolve(document: Any, reference: str) -> Any:
    for step in reference.removeprefix("#/").split("/"):
        document = document[step]
    return document
