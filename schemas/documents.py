"""The documents made from the models: JSON Schema files and an AsyncAPI 3 document of all topics.

``python -m schemas.documents`` writes them; with ``--check`` it says which are out of date.
"""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from schemas.activation import BANK_RECORD
from schemas.alert import Alert
from schemas.cloudevents import EVENT_TYPES
from schemas.command import COMMAND
from schemas.dead_letter import DeadLetter
from schemas.frame import FrameHeaders
from schemas.line_event import LineEvent
from schemas.report import Report
from schemas.topics import TOPICS, TopicKind, TopicSpec
from schemas.verdict import Verdict

FOLDER = Path(__file__).parent / "json"
_DIALECT = "https://json-schema.org/draft/2020-12/schema"

MODELS: Mapping[TopicKind, tuple[str, TypeAdapter[Any]]] = {
    TopicKind.FRAMES: ("frame-headers", TypeAdapter(FrameHeaders)),
    TopicKind.VERDICTS: ("verdict", TypeAdapter(Verdict)),
    TopicKind.ALERTS: ("alert", TypeAdapter(Alert)),
    TopicKind.COMMANDS: ("command", COMMAND),
    TopicKind.LINE_EVENTS: ("line-event", TypeAdapter(LineEvent)),
    TopicKind.BANKS: ("bank-record", BANK_RECORD),
    TopicKind.DEAD_LETTERS: ("dead-letter-headers", TypeAdapter(DeadLetter)),
}


def json_schemas() -> dict[str, dict[str, Any]]:
    """A JSON Schema for each message and for what sinks send, by its file's name without ending."""
    adapters = {**dict(MODELS.values()), "report": TypeAdapter(Report)}
    return {name: {"$schema": _DIALECT, **adapter.json_schema()} for name, adapter in adapters.items()}


def asyncapi() -> dict[str, Any]:
    """The AsyncAPI 3.0 document: a channel, a message and an operation for each topic."""
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Patchline",
            "version": "1.0.0",
            "description": "Frames in, verdicts and alerts out.",
        },
        "defaultContentType": "application/json",
        "channels": {kind.value: _channel(spec) for kind, spec in TOPICS.items()},
        "operations": {f"{_action(kind)}-{kind.value}": _operation(kind) for kind in TOPICS},
    }


def _channel(spec: TopicSpec) -> dict[str, Any]:
    name, adapter = MODELS[spec.kind]
    schema = adapter.json_schema(
        ref_template=f"#/channels/{spec.kind.value}/messages/{name}/{_part(spec)}/$defs/{{model}}"
    )
    schema = _with_plain_discriminators(schema)
    message: dict[str, Any] = {
        "name": EVENT_TYPES[spec.kind.value],
        "summary": spec.value,
        "bindings": {"kafka": {"key": {"type": "string", "description": "the line"}}},
        _part(spec): schema,
    }
    if _part(spec) == "headers":
        message["contentType"] = "application/octet-stream"
    written = f"written by {spec.written_by}, read by {spec.read_by}"
    return {"address": spec.name("patchline."), "description": written, "messages": {name: message}}


def _with_plain_discriminators(schema: Any) -> Any:
    """AsyncAPI's discriminator is the property's name alone, where OpenAPI's is an object."""
    if isinstance(schema, list):
        return [_with_plain_discriminators(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    plain = {name: _with_plain_discriminators(value) for name, value in schema.items()}
    if isinstance(plain.get("discriminator"), dict) and "propertyName" in plain["discriminator"]:
        plain["discriminator"] = plain["discriminator"]["propertyName"]
    return plain


def _part(spec: TopicSpec) -> str:
    return "headers" if spec.kind in (TopicKind.FRAMES, TopicKind.DEAD_LETTERS) else "payload"


def _action(kind: TopicKind) -> str:
    return "receive" if kind in (TopicKind.FRAMES, TopicKind.COMMANDS) else "send"


def _operation(kind: TopicKind) -> dict[str, Any]:
    return {"action": _action(kind), "channel": {"$ref": f"#/channels/{kind.value}"}}


def documents() -> dict[str, str]:
    """Every document's text, by file name."""
    made = {f"{name}.schema.json": schema for name, schema in json_schemas().items()}
    made["asyncapi.json"] = asyncapi()
    return {name: json.dumps(body, indent=2, ensure_ascii=False) + "\n" for name, body in made.items()}


def outdated(folder: Path = FOLDER) -> list[str]:
    """The names of documents that are missing or differ from what the models say, or that nothing makes."""
    wanted = documents()
    present = {path.name: path.read_text() for path in folder.glob("*.json")}
    return sorted(name for name in wanted.keys() | present.keys() if wanted.get(name) != present.get(name))


def write(folder: Path = FOLDER) -> None:
    """Write every document."""
    folder.mkdir(exist_ok=True)
    for name, text in documents().items():
        (folder / name).write_text(text)


def main(arguments: list[str]) -> int:
    """Write, or with ``--check`` compare; 1 when something is out of date."""
    if arguments != ["--check"]:
        write()
        return 0
    stale = outdated()
    for name in stale:
        sys.stderr.write(f"{name} is not what the models say: run `make schemas` and commit it\n")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
