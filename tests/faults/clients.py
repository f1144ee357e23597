"""librdkafka clients: they know nothing of us. Silent about brokers that a case takes away."""

from typing import Any

from confluent_kafka import Producer

QUIET: dict[str, Any] = {"log_level": 0, "error_cb": lambda _: None}


def camera(bootstrap: str) -> Producer:
    """A producer as a careful camera has it, of frames as large as a message may be."""
    careful = {"acks": "all", "enable.idempotence": True, "message.max.bytes": 8 * 2**20}
    return Producer({**QUIET, "bootstrap.servers": bootstrap, **careful})
