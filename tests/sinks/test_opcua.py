"""OPC UA: the handshake, the trigger, the recipe, and who may come in."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from asyncua import Client, ua

from schemas.reasons import VerdictKind
from service.embedded.server import free_port
from service.sinks.base import SinkUnavailable
from service.sinks.config import OpcUaConfig
from service.sinks.opcua import OpcUaSink
from service.sinks.opcua_nodes import NAMESPACE
from tests.sinks.page import Page
from tests.sinks.reports import report


@pytest.fixture
async def page() -> AsyncIterator[Page]:
    async with Page().serving() as made:
        yield made


async def test_the_handshake_the_recipe_and_the_door(page: Page, tmp_path: Path) -> None:
    """One server for all: it takes seconds to start."""
    (tmp_path / "token").write_text("let-me")
    (tmp_path / "users").write_text("plc:secret\n")
    url = f"opc.tcp://127.0.0.1:{free_port()}/patchline"
    change = {"api": page.url, "token_file": str(tmp_path / "token")}
    config = {
        "kind": "opcua",
        "lines": ["line1"],
        "endpoint": url,
        "users_file": str(tmp_path / "users"),
        "acknowledge_seconds": 1.0,
        "change_over": change,
        "trigger_url": f"{page.url}/trigger",
    }
    sink = OpcUaSink("plc", OpcUaConfig.model_validate(config))
    await sink.open()
    try:
        await _stranger_is_refused(url)
        client = Client(url)
        client.set_user("plc")
        client.set_password("secret")
        async with client:
            await _handshake(sink, client)
            await _recipe(client)
            await _read_only(client)
            await _trigger(client)
    finally:
        await sink.close()
    assert page.asked == [("line1", "blue"), ("line1", "green")]


async def _stranger_is_refused(url: str) -> None:
    stranger = Client(url)
    stranger.set_user("plc")
    stranger.set_password("guess")
    with pytest.raises(ua.UaError):
        async with stranger:
            pass


async def _handshake(sink: OpcUaSink, client: Client) -> None:
    """A result stands until it is acknowledged, and the next needs an acknowledgement of its own."""
    with pytest.raises(SinkUnavailable, match="line line1 did not raise"):
        await sink.deliver(report(1))
    assert await value(client, "ResultReady")
    assert await value(client, "VisionState") == "Error"
    telling = asyncio.create_task(sink.deliver(report(2, kind=VerdictKind.DEFECT)))
    await until_value(client, "PartId", "part-2")
    assert not await value(client, "IsGood")
    assert not await value(client, "Ready")
    await write(client, "Acknowledged", True)
    await telling
    assert not await value(client, "ResultReady")
    assert await value(client, "Ready")
    with pytest.raises(SinkUnavailable):
        await sink.deliver(report(3))
    assert await value(client, "PartId") == "part-2"
    await write(client, "Acknowledged", False)


async def _recipe(client: Client) -> None:
    await write(client, "SelectRecipe", "blue")
    await until_value(client, "SelectionState", "done: in force")
    assert await value(client, "ActiveRecipe") == "blue"
    await write(client, "SelectRecipe", "green")
    await until_value(client, "SelectionState", "refused: no such model")
    assert await value(client, "ActiveRecipe") == "blue"


async def _read_only(client: Client) -> None:
    for name, new in (("IsGood", True), ("ResultReady", True), ("ActiveRecipe", "x")):
        with pytest.raises(ua.UaError):
            await write(client, name, new)


async def _trigger(client: Client) -> None:
    """A camera that does not take the trigger is an error that the PLC sees."""
    await write(client, "Trigger", True)
    await until_value(client, "VisionState", "Error")


async def node(client: Client, name: str) -> Any:
    space = await client.get_namespace_index(NAMESPACE)
    return client.get_node(ua.NodeId(f"line1.{name}", space))


async def value(client: Client, name: str) -> Any:
    return await (await node(client, name)).read_value()


async def write(client: Client, name: str, new: object) -> None:
    await (await node(client, name)).write_value(new)


async def until_value(client: Client, name: str, wanted: object) -> None:
    async with asyncio.timeout(15):
        while await value(client, name) != wanted:
            await asyncio.sleep(0.02)
