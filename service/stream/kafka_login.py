"""Whether the broker takes our user and password, asked once: the library takes a refused login for a broker
that does not answer, and tries it until its time is up."""

from typing import Any

from aiokafka.conn import collect_hosts, create_conn
from aiokafka.errors import AuthenticationFailedError, KafkaError, SaslAuthenticationFailed

from service.settings import KafkaSettings
from service.stream.base import StreamError
from service.stream.kafka_security import security_options

_SECONDS = 10.0


async def refuse_stranger(settings: KafkaSettings) -> None:
    """Raises ``StreamError`` where a broker refuses the login. Other troubles are the client's to find."""
    if not settings.security_protocol.startswith("SASL"):
        return
    host, port, _ = collect_hosts(settings.bootstrap)[0]
    try:
        connection: Any = await create_conn(
            host, port, request_timeout_ms=int(_SECONDS * 1000), **security_options(settings)
        )
    except (AuthenticationFailedError, SaslAuthenticationFailed):
        # The cause is left out: its text is the broker's, and may quote what it was given.
        raise StreamError(
            f"broker {host}:{port} refuses the login of {settings.sasl_user}: check "
            "PATCHLINE_KAFKA__SASL_USER, PATCHLINE_KAFKA__SASL_MECHANISM and the password's file"
        ) from None
    except (KafkaError, OSError, TimeoutError):
        return
    connection.close()
