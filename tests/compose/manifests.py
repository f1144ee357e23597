"""What the compose folder says, read as data."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).parent.parent.parent / "compose"
OURS = ("topics", "inspector", "inspector-gpu", "rebuilder", "page", "camera")


def services() -> dict[str, dict[str, Any]]:
    """The services of compose.yaml, with its anchors merged."""
    found: dict[str, dict[str, Any]] = yaml.safe_load((FOLDER / "compose.yaml").read_text())["services"]
    return found


def environment(service: Mapping[str, Any]) -> dict[str, str]:
    """What a service of ours finds in its environment, but for its secrets."""
    return {name: str(value) for name, value in service.get("environment", {}).items()}


def kubernetes() -> Iterator[tuple[str, dict[str, Any]]]:
    """Every object of the Kustomize base, with the file it stands in."""
    for path in sorted((FOLDER / "kubernetes").glob("*.yaml")):
        for document in yaml.safe_load_all(path.read_text()):
            yield path.name, document


def named(name: str) -> dict[str, Any]:
    """The one object of kind/name."""
    (found,) = [
        document
        for _, document in kubernetes()
        if f"{document['kind']}/{document.get('metadata', {}).get('name')}" == name
    ]
    return found
