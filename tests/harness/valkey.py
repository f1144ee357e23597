"""A cache for tests."""

from collections.abc import Iterator
from contextlib import contextmanager

from service.embedded.valkey import EmbeddedCache


@contextmanager
def running_valkey(max_bytes: int = 64 * 2**20) -> Iterator[EmbeddedCache]:
    """A Valkey of its own; it can be stopped and started by the test that owns it."""
    with EmbeddedCache(max_bytes=max_bytes) as cache:
        yield cache
