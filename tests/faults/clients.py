"""librdkafka clients: they know nothing of us. Silent about brokers that a case takes away."""

from typing import Any

from confluent_kafka import Producer

QUIET: dict[str, Any] = {"log_level": 0, "error_cb": lambda _: None}


def camera(bootstrap: str) -> Producer:
    """A producer as a careful camera has it."""
    return Producer({**QUIET, "bootstrap.servers": bootstrap, "acks": "all", "enable.idempotence": True})
