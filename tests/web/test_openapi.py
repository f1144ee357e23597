"""The API keeps to its own description: whatever schemathesis makes of the OpenAPI document, the page
answers as the document says, and never with a failure of its own."""

import asyncio
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from schemas.reasons import VerdictKind
from service.web.app import create_app
from service.web.page import served
from tests.web.conftest import ready_page
from tests.web.plant import Plant

EXAMPLES = 6
SEED = 24
# Endless, so nothing that waits for the end of an answer can ask for it.
ENDLESS = {"/v1/events"}
CHECKS = (
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
)


@contextmanager
def page_in_a_thread(folder: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """A page with something on it, on a loop of its own: its address, and its document."""
    ready: list[tuple[str, dict[str, Any]]] = []
    failed: list[BaseException] = []
    up, down = threading.Event(), threading.Event()

    async def run() -> None:
        plant = Plant(folder)
        await plant.open()
        await plant.activate("a", 1)
        await plant.judge("a", VerdictKind.DEFECT)
        async with ready_page(plant) as page, served(plant.settings, page) as url:
            ready.append((url, create_app(page.context, version="0").openapi()))
            up.set()
            await asyncio.to_thread(down.wait)

    def serve() -> None:
        try:
            asyncio.run(run())
        except BaseException as error:  # noqa: BLE001 - the test tells it
            failed.append(error)
        finally:
            up.set()

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        assert up.wait(30)
        assert not failed, failed
        yield ready[0]
    finally:
        down.set()
        thread.join(30)
    assert not failed, failed


@pytest.mark.timeout(300)
def test_the_api_answers_as_its_document_says(tmp_path: Path) -> None:
    with page_in_a_thread(tmp_path) as (url, document):
        told = {
            f"{operation.method} {operation.path}": trouble
            for operation in operations(document)
            if (trouble := trouble_of(operation, url))
        }
    assert told == {}


def operations(document: dict[str, Any]) -> list[Any]:
    found = [result.ok() for result in schemathesis.openapi.from_dict(document).get_all_operations()]  # type: ignore[union-attr]
    assert len(found) > 20
    return [operation for operation in found if operation.path not in ENDLESS]


def trouble_of(operation: Any, url: str) -> str:
    """What the page does to this operation that its document does not say; empty when nothing."""

    @seed(SEED)
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy())
    def holds(case: Any) -> None:
        answer = case.call(base_url=url, timeout=30)
        case.validate_response(answer, checks=list(CHECKS))

    try:
        holds()
    except BaseExceptionGroup as failures:
        return str([str(failure) for failure in failures.exceptions])
    return ""


def test_every_body_has_an_example_that_the_page_understands(tmp_path: Path) -> None:
    with page_in_a_thread(tmp_path) as (url, document):
        tried = 0
        for path, method, example in examples(document):
            answer = httpx.request(method, url + re.sub(r"{\w*line\w*}", "a", path), json=example, timeout=30)
            said = answer.json().get("detail", "") if answer.content else ""
            assert answer.status_code != 422 or "path" in said, f"{method} {path}: {said}"
            tried += 1
    assert tried > 10


def examples(document: dict[str, Any]) -> Iterator[tuple[str, str, Any]]:
    """Path, method and example of every JSON body; at least one each."""
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            body = operation.get("requestBody", {}).get("content", {}).get("application/json")
            if body is None:
                continue
            shape = document["components"]["schemas"].get(
                body["schema"].get("$ref", "").rpartition("/")[2], {}
            )
            given = [each["value"] for each in body.get("examples", {}).values()] or shape.get("examples", [])
            assert given, f"{method} {path} has no example of its body"
            yield from ((path, method, example) for example in given)


def test_every_refusal_is_a_problem_of_the_same_shape(tmp_path: Path) -> None:
    with page_in_a_thread(tmp_path) as (url, _):
        for path, status in (("/v1/lines/unknown", 404), ("/v1/lines/A", 422), ("/v1/nowhere", 404)):
            answer = httpx.get(url + path)
            assert answer.status_code == status
            assert answer.headers["content-type"] == "application/problem+json"
            assert {"type", "title", "status", "detail"} <= answer.json().keys()
