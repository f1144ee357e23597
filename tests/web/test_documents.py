"""What the page says of itself to machines is valid by others' validators."""

import json
import shutil
import subprocess

import httpx
import jsonschema
import pytest
from filelock import FileLock
from openapi_spec_validator import validate

from tests.harness.cache import cache_folder

VALIDATOR = "@asyncapi/specs@6.11.1"


async def test_the_openapi_document_is_valid(client: httpx.AsyncClient) -> None:
    document = (await client.get("/openapi.json")).json()
    validate(document)
    assert len(document["paths"]) > 20


async def test_every_document_that_the_page_lists_is_there(client: httpx.AsyncClient) -> None:
    page = (await client.get("/docs")).text
    listed = [part.split('"')[0] for part in page.split('href="') if part.startswith(("/docs/", "/openapi"))]
    assert len(listed) >= 10
    for path in listed:
        assert (await client.get(path)).status_code == 200


async def test_every_json_schema_is_one(client: httpx.AsyncClient) -> None:
    answer = await client.get("/docs/schemas/verdict.json")
    assert answer.headers["content-type"] == "application/schema+json"
    jsonschema.Draft202012Validator.check_schema(answer.json())
    assert (await client.get("/docs/schemas/nothing.json")).status_code == 404


@pytest.mark.slow
async def test_the_asyncapi_document_is_valid_by_its_own_schema(client: httpx.AsyncClient) -> None:
    document = (await client.get("/docs/asyncapi.json")).json()
    jsonschema.Draft7Validator(_asyncapi_schema()).validate(document)


def _asyncapi_schema() -> dict[str, object]:
    """The schema that AsyncAPI's own makers publish, fetched once by npm into the cache."""
    if shutil.which("npm") is None:
        pytest.skip("npm is not on the path: it fetches AsyncAPI's schema")
    cache = cache_folder() / "asyncapi"
    cache.mkdir(parents=True, exist_ok=True)
    found = cache / "node_modules/@asyncapi/specs/schemas/3.0.0-without-$id.json"
    with FileLock(cache / "lock"):
        if not found.exists():
            subprocess.run(["npm", "install", "--silent", "--prefix", str(cache), VALIDATOR], check=True)
    schema: dict[str, object] = json.loads(found.read_text())
    return schema
