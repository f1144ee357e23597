"""docs/api.md shows every route of the API with curl, and none that there is not."""

import re
import shlex
from pathlib import Path

from service.web.app import create_app
from tests.web.conftest import ready_page
from tests.web.plant import Plant

PAGE = Path(__file__).parent.parent.parent / "docs" / "api.md"
Operation = tuple[str, str]


def shown() -> set[Operation]:
    """Method and path of every curl of the page."""
    lines = [line for line in PAGE.read_text().splitlines() if line.startswith("curl ")]
    return {_operation(shlex.split(line, comments=True)) for line in lines}


def _operation(words: list[str]) -> Operation:
    (url,) = [word for word in words if word.startswith("$PAGE/")]
    given = words[words.index("-X") + 1] if "-X" in words else None
    sends = {"-d", "--data-binary"} & set(words)
    return given or ("POST" if sends else "GET"), url.removeprefix("$PAGE").partition("?")[0]


async def test_every_route_is_shown_with_curl_and_every_curl_is_a_route(tmp_path: Path) -> None:
    plant = Plant(tmp_path)
    await plant.open()
    async with ready_page(plant) as page:
        paths = create_app(page.context, version="0").openapi()["paths"]
    routes = {(method.upper(), path) for path, methods in paths.items() for method in methods}
    patterns = {route: re.compile(re.sub(r"{\w+}", "[^/]+", route[1])) for route in routes}
    found = {
        example: [
            route for route in routes if route[0] == example[0] and patterns[route].fullmatch(example[1])
        ]
        for example in shown()
    }
    assert {example for example, matching in found.items() if not matching} == set()
    assert routes - {route for matching in found.values() for route in matching} == set()
