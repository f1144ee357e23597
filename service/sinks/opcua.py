"""An OPC UA server for PLCs: each line's result with a handshake, and its model as the recipe.

The handshake: ``Ready`` says that a part may come; the PLC may raise ``Trigger``, which triggers the camera.
A result is written, then ``ResultReady`` is raised. The PLC reads it and raises ``Acknowledged``;
``ResultReady`` falls. The PLC lowers ``Acknowledged``, and the next result may come.
"""

import asyncio
import hmac
import logging
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import httpx
import structlog
from asyncua import Server, ua
from asyncua.common.callback import CallbackType
from asyncua.crypto.permission_rules import User, UserRole

from schemas.report import Report
from service.settings import SettingsError
from service.sinks.address import is_loopback
from service.sinks.base import SinkUnavailable
from service.sinks.change_over import Selector
from service.sinks.config import OpcUaConfig
from service.sinks.opcua_nodes import NAMESPACE, LineNodes, State, add_line
from service.sinks.secrets import read_secret

_log = structlog.get_logger()
# The library tells of each session and each missing certificate; what matters of it our own lines say.
logging.getLogger("asyncua").setLevel(logging.ERROR)


@dataclass(slots=True)
class _Line:
    nodes: LineNodes
    acknowledged: asyncio.Event = field(default_factory=asyncio.Event)
    lowered: asyncio.Event = field(default_factory=asyncio.Event)


class OpcUaSink:
    """A sink of the port. Accepted is what the PLC acknowledges."""

    def __init__(self, name: str, config: OpcUaConfig) -> None:
        """Raises ``SettingsError`` where the endpoint is open to other machines and nothing guards it, or a
        secret's file cannot be read. Blocks for the files."""
        _refuse_open(config)
        self._name, self._config = name, config
        self._users = _users(config)
        self._selector = None if config.change_over is None else Selector(config.change_over)
        self._lines: dict[str, _Line] = {}
        self._handles: dict[ua.NodeId, tuple[str, str]] = {}
        self._server: Server | None = None
        self._errands: set[asyncio.Task[None]] = set()

    async def open(self) -> None:
        """See the port."""
        server = Server(user_manager=self)
        await server.init()
        server.set_endpoint(self._config.endpoint)
        server.set_server_name(f"Patchline {self._name}")
        await self._secure(server)
        space = await server.register_namespace(NAMESPACE)
        await server.nodes.objects.add_folder(ua.NodeId("Patchline", space), f"{space}:Patchline")
        for line in self._config.lines:
            await self._add(server, space, line)
        await server.start()
        self._server = server
        server.subscribe_server_callback(CallbackType.PostWrite, self._written)

    async def deliver(self, report: Report) -> None:
        """See the port. An earlier acknowledgement that still stands is waited out first."""
        line = self._lines.get(report.line)
        if line is None:
            raise SinkUnavailable(f"line {report.line} is none that the OPC UA sink {self._name} serves")
        try:
            async with asyncio.timeout(self._config.acknowledge_seconds):
                await self._until_lowered(line)
                line.acknowledged.clear()
                await line.nodes.show(report)
                await line.nodes.state.write_value(State.READY.value)
                await line.nodes.ready.write_value(False)
                await line.nodes.result_ready.write_value(True)
                await line.acknowledged.wait()
        except TimeoutError as error:
            await line.nodes.state.write_value(State.ERROR.value)
            raise SinkUnavailable(
                f"the PLC of line {report.line} did not raise, or did not lower, Acknowledged within "
                f"{self._config.acknowledge_seconds:g} s: check its program and its connection"
            ) from error
        await line.nodes.result_ready.write_value(False)
        await line.nodes.state.write_value(State.READY.value)
        await line.nodes.ready.write_value(True)

    async def close(self) -> None:
        """See the port."""
        for errand in self._errands:
            errand.cancel()
        if self._server is not None:
            await self._server.stop()
        if self._selector is not None:
            await self._selector.close()

    def get_user(
        self, iserver: Any, username: str | None = None, password: str | None = None, certificate: Any = None
    ) -> User | None:
        """The library asks whether somebody may come in. None: no. Nobody is an administrator."""
        if not self._users:
            return User(role=UserRole.User, name=username)
        wanted = self._users.get(username or "")
        if wanted is None or not hmac.compare_digest(wanted.encode(), (password or "").encode()):
            _log.warning("an OPC UA client was refused: unknown user or wrong password")
            return None
        return User(role=UserRole.User, name=username)

    async def _secure(self, server: Server) -> None:
        config = self._config
        if config.certificate_file is None or config.key_file is None:
            server.set_security_policy([ua.SecurityPolicyType.NoSecurity])
        else:
            await server.load_certificate(str(config.certificate_file))
            await server.load_private_key(str(config.key_file))
            server.set_security_policy([ua.SecurityPolicyType.Basic256Sha256_SignAndEncrypt])
        named = [ua.UserNameIdentityToken]
        server.set_identity_tokens(named if self._users else [ua.AnonymousIdentityToken, *named])

    async def _add(self, server: Server, space: int, line: str) -> None:
        nodes = await add_line(server, space, line)
        self._lines[line] = _Line(nodes)
        for what, node in (
            ("acknowledged", nodes.acknowledged),
            ("trigger", nodes.trigger),
            ("select", nodes.select),
        ):
            self._handles[node.nodeid] = (line, what)

    async def _until_lowered(self, line: _Line) -> None:
        line.lowered.clear()
        if await line.nodes.acknowledged.read_value():
            await line.lowered.wait()

    def _written(self, event: Any, service: Any) -> None:
        """A client wrote; called within its write, so nothing is waited for here."""
        if not event.is_external:
            return
        for write, status in zip(event.request_params.NodesToWrite, event.response_params, strict=True):
            known = self._handles.get(write.NodeId)
            if known is not None and status.is_good() and write.AttributeId == ua.AttributeIds.Value:
                self._changed(*known, write.Value.Value.Value)

    def _changed(self, line: str, what: str, value: object) -> None:
        events = self._lines[line]
        if what == "acknowledged":
            (events.acknowledged if value else events.lowered).set()
        elif what == "trigger" and value is True:
            self._start(self._trigger(line))
        elif what == "select" and isinstance(value, str) and value:
            self._start(self._select(line, value))

    def _start(self, errand: Any) -> None:
        task = asyncio.get_running_loop().create_task(errand)
        self._errands.add(task)
        task.add_done_callback(self._errands.discard)

    async def _trigger(self, line: str) -> None:
        nodes = self._lines[line].nodes
        await nodes.state.write_value(State.EXECUTING.value)
        if self._config.trigger_url is None:
            return
        try:
            async with httpx.AsyncClient(timeout=5.0, trust_env=False) as client:
                answer = await client.post(self._config.trigger_url)
            answer.raise_for_status()
        except httpx.HTTPError as error:
            await nodes.state.write_value(State.ERROR.value)
            _log.warning("the camera did not take the trigger", line=line, cause=type(error).__name__)

    async def _select(self, line: str, model: str) -> None:
        if self._selector is None:
            await self._lines[line].nodes.selection.write_value("refused: no change_over is configured")
            return
        node = self._lines[line].nodes.selection
        await node.write_value("pending")
        selected = await self._selector.select(line, model)
        await node.write_value(f"{selected.status}: {selected.sentence}")
        if selected.status == "done":
            await self._lines[line].nodes.recipe.write_value(selected.model)
        _log.info("change-over", line=line, model=selected.model, status=selected.status)


def _refuse_open(config: OpcUaConfig) -> None:
    host = urlsplit(config.endpoint.replace("opc.tcp", "http", 1)).hostname or ""
    guards = (config.users_file, config.certificate_file, config.key_file)
    if not is_loopback(host) and None in guards:
        raise SettingsError(
            f"{config.endpoint} is open to other machines: give the sink users_file, certificate_file and "
            "key_file, or listen on 127.0.0.1"
        )


def _users(config: OpcUaConfig) -> dict[str, str]:
    if config.users_file is None:
        return {}
    text = read_secret(config.users_file, "OPC UA's users_file")
    return dict(_pairs(text))


def _pairs(text: str) -> Iterator[tuple[str, str]]:
    for line in text.splitlines():
        name, separator, password = line.strip().partition(":")
        if not separator or not name or not password:
            raise SettingsError("OPC UA's users_file has a line that is no name:password: correct it")
        yield name, password
