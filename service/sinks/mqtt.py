"""Reports on an MQTT broker: one topic a line, QoS 1, with a last will that says when the sink is gone.

``TOPIC/LINE/result`` has the reports, ``TOPIC/sinks/NAME/state`` is ``online`` or ``offline`` (kept by the
broker), ``TOPIC/LINE/select`` takes a model's name, and ``TOPIC/LINE/selected`` tells what became of it.
"""

import asyncio
import json
import logging
import ssl

import aiomqtt
import structlog

from schemas.ids import is_line_id
from schemas.report import Report
from service.runtime.ending import end
from service.sinks.base import SinkUnavailable
from service.sinks.change_over import Selector
from service.sinks.config import MqttConfig
from service.sinks.secrets import optional_secret

_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 30.0
_MOST_SELECT_BYTES = 256
# A broker may send choices faster than they are carried out; the newest that fit are kept.
_MOST_CHOICES = 100
_log = structlog.get_logger()
# The library logs every reconnect at WARNING; our own lines say it once, with the remedy.
_quiet = logging.getLogger("patchline.mqtt")
_quiet.setLevel(logging.CRITICAL)


class MqttSink:
    """A sink of the port. Accepted is what the broker acknowledges."""

    def __init__(self, name: str, config: MqttConfig) -> None:
        """Raises ``SettingsError`` for a secret's file, ``OSError`` for a certificate's. Blocks for them."""
        self._name, self._config = name, config
        self._password = optional_secret(config.password_file, "MQTT's password_file")
        self._tls = _tls(config)
        self._selector = None if config.change_over is None else Selector(config.change_over)
        self._connected: asyncio.Future[aiomqtt.Client] | None = None
        self._task: asyncio.Task[None] | None = None
        self._where = f"MQTT broker {config.host}:{config.port}"

    async def open(self) -> None:
        """See the port."""
        self._connected = asyncio.get_running_loop().create_future()
        self._task = asyncio.create_task(self._stay_connected(), name="mqtt")

    async def deliver(self, report: Report) -> None:
        """See the port."""
        topic = f"{self._config.topic}/{report.line}/result"
        await self._publish(topic, report.to_bytes(), retain=self._config.retain)

    async def close(self) -> None:
        """See the port. The state becomes ``offline`` where the broker is there to hear it."""
        if self._connected is not None and self._connected.done():
            try:
                await self._publish(self._state_topic, b"offline", retain=True)
            except SinkUnavailable as error:
                _log.warning("the sink's leave was not told", cause=str(error))
        if self._task is not None:
            await end([self._task])
        if self._selector is not None:
            await self._selector.close()

    @property
    def _state_topic(self) -> str:
        return f"{self._config.topic}/sinks/{self._name}/state"

    async def _publish(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        try:
            async with asyncio.timeout(self._config.timeout_seconds):
                client = await self._client()
                await client.publish(topic, payload, qos=1, retain=retain)
        except (aiomqtt.MqttError, TimeoutError) as error:
            raise SinkUnavailable(
                f"the {self._where} does not acknowledge: check that it is up and lets us write {topic}"
            ) from error

    async def _client(self) -> aiomqtt.Client:
        if self._connected is None:
            raise SinkUnavailable(f"the sink to the {self._where} is not open")
        # Shielded: whoever stops waiting must not end the wait of the others.
        return await asyncio.shield(self._connected)

    async def _stay_connected(self) -> None:
        pause = _FIRST_PAUSE
        while True:
            try:
                async with self._new_client() as client:
                    pause = _FIRST_PAUSE
                    await self._serve(client)
            except aiomqtt.MqttError as error:
                _log.warning("connection lost", to=self._where, cause=type(error).__name__, seconds=pause)
            finally:
                self._disconnected()
            await asyncio.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)

    def _disconnected(self) -> None:
        if self._connected is not None and self._connected.done():
            self._connected = asyncio.get_running_loop().create_future()

    async def _serve(self, client: aiomqtt.Client) -> None:
        await client.publish(self._state_topic, b"online", qos=1, retain=True)
        if self._selector is not None:
            await client.subscribe(f"{self._config.topic}/+/select", qos=1)
        if self._connected is not None and not self._connected.done():
            self._connected.set_result(client)
        _log.info("connected", to=self._where)
        async for message in client.messages:
            await self._choose(client, message)

    async def _choose(self, client: aiomqtt.Client, message: aiomqtt.Message) -> None:
        line, payload = str(message.topic).rsplit("/", 2)[1], message.payload
        wanted = not self._config.lines or line in self._config.lines
        if self._selector is None or not is_line_id(line) or not wanted or message.retain:
            return
        if not isinstance(payload, bytes | bytearray) or len(payload) > _MOST_SELECT_BYTES:
            return
        selected = await self._selector.select(line, bytes(payload).decode(errors="replace").strip())
        told = {"model": selected.model, "status": selected.status, "sentence": selected.sentence}
        await client.publish(f"{self._config.topic}/{line}/selected", json.dumps(told).encode(), qos=1)
        _log.info("change-over", line=line, **told)

    def _new_client(self) -> aiomqtt.Client:
        config = self._config
        five = config.protocol == "5"
        return aiomqtt.Client(
            config.host,
            config.port,
            identifier=f"patchline-{self._name}",
            username=config.user,
            password=self._password,
            protocol=aiomqtt.ProtocolVersion.V5 if five else aiomqtt.ProtocolVersion.V311,
            clean_session=None if five else True,
            will=aiomqtt.Will(self._state_topic, b"offline", qos=1, retain=True),
            timeout=config.timeout_seconds,
            keepalive=max(5, int(config.timeout_seconds)),
            max_queued_incoming_messages=_MOST_CHOICES,
            tls_context=self._tls,
            logger=_quiet,
        )


def _tls(config: MqttConfig) -> ssl.SSLContext | None:
    if not config.tls:
        return None
    context = ssl.create_default_context(cafile=str(config.ca_file) if config.ca_file else None)
    if config.client_cert_file is not None:
        context.load_cert_chain(config.client_cert_file, config.client_key_file)
    return context
