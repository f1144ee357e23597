"""How we reach a Kafka broker: the options, the patience at start, and its errors in our words."""

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import structlog
from aiokafka.conn import collect_hosts
from aiokafka.errors import KafkaConnectionError, KafkaError, NodeNotReadyError

from service.settings import KafkaSettings
from service.stream.base import StreamError
from service.stream.kafka_login import refuse_stranger
from service.stream.kafka_security import security_options, tls_context

RETRY_SECONDS = 1.0
# A record's own fields, headers and the batch around it, beside the bytes that the setting speaks of.
OVERHEAD_BYTES = 64 * 1024

log = structlog.get_logger(__name__)
Client = TypeVar("Client")


def connection_options(settings: KafkaSettings) -> dict[str, Any]:
    """What every client needs to reach and be known to the broker. Raises ``SettingsError``."""
    return {
        "bootstrap_servers": settings.bootstrap,
        "client_id": "patchline",
        **security_options(settings),
    }


def largest_request(settings: KafkaSettings) -> int:
    """The bytes of a request or batch that carries one record of the largest allowed size."""
    return settings.max_message_bytes + OVERHEAD_BYTES


@contextmanager
def broker_errors(doing: str) -> Iterator[None]:
    """Turn the library's errors into a ``StreamError`` that says what was being done."""
    try:
        yield
    except KafkaError as error:
        raise StreamError(
            f"the broker refused to {doing} ({type(error).__name__}): see its log and our access to it"
        ) from error


async def start_client(
    build: Callable[[], Client],
    start: Callable[[Client], Awaitable[None]],
    stop: Callable[[Client], Awaitable[None]],
    settings: KafkaSettings,
) -> Client:
    """A started client. An unreachable broker is tried again every second for ``start_seconds``; then
    ``StreamError``. A client that could not start is stopped."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + settings.start_seconds
    while True:
        client = await _attempt(build, start, stop, settings, deadline)
        if client is not None:
            return client
        if loop.time() + RETRY_SECONDS > deadline:
            raise StreamError(_unreachable(settings))
        log.warning("broker_unreachable", bootstrap=settings.bootstrap, remedy="start it; trying again")
        await asyncio.sleep(RETRY_SECONDS)


async def _attempt(
    build: Callable[[], Client],
    start: Callable[[Client], Awaitable[None]],
    stop: Callable[[Client], Awaitable[None]],
    settings: KafkaSettings,
    deadline: float,
) -> Client | None:
    if not await _port_answers(settings):
        return None
    await refuse_stranger(settings)
    client = build()
    try:
        async with asyncio.timeout_at(deadline):
            await start(client)
    except (KafkaConnectionError, NodeNotReadyError, TimeoutError):
        await stop(client)
        return None
    except BaseException:
        await stop(client)
        raise
    return client


async def _port_answers(settings: KafkaSettings) -> bool:
    """Asked before the library is, which logs an error of its own for every attempt, and takes a broker that
    is not trusted for one that does not answer."""
    encrypted = settings.security_protocol in ("SSL", "SASL_SSL")
    context = tls_context(settings) if encrypted else None
    for host, port, _ in collect_hosts(settings.bootstrap):
        try:
            async with asyncio.timeout(RETRY_SECONDS):
                _, writer = await asyncio.open_connection(host, port, ssl=context)
        except ssl.SSLCertVerificationError as error:
            raise StreamError(
                f"broker {host}:{port} shows a certificate that is not trusted ({error.verify_message}): set "
                "PATCHLINE_KAFKA__CA_FILE to the authority that signed it"
            ) from error
        except (OSError, TimeoutError):
            continue
        writer.close()
        return True
    return False


def _unreachable(settings: KafkaSettings) -> str:
    return (
        f"broker {settings.bootstrap} did not answer within {settings.start_seconds:g} s: "
        "start it or set PATCHLINE_KAFKA__BOOTSTRAP"
    )
