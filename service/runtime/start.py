"""Waiting at start for what a program cannot begin without."""

import time
from collections.abc import Awaitable, Callable, Mapping

import stamina
import structlog

from schemas.topics import TOPICS, TopicKind, TopicSpec
from service.stream.base import Broker, StreamError

_log = structlog.get_logger()


def topic_specs(prefix: str, kinds: tuple[TopicKind, ...] = tuple(TopicKind)) -> Mapping[str, TopicSpec]:
    """The specs of an installation's topics, by full name."""
    return {TOPICS[kind].name(prefix): TOPICS[kind] for kind in kinds}


async def require_topics(broker: Broker, prefix: str) -> None:
    """Raises ``StreamError`` naming every topic that is missing or kept otherwise than it must be."""
    complaints = await broker.check_topics(topic_specs(prefix))
    if complaints:
        raise StreamError(f"{' '.join(complaints)} Run `patchline topics create`, or mend them by hand.")


async def insist(action: Callable[[], Awaitable[None]], trouble: type[Exception], seconds: float) -> None:
    """Try until it succeeds, for so many seconds, with at most one log line a second; then raise what the
    last try raised."""
    began = time.monotonic()
    async for attempt in stamina.retry_context(
        on=trouble, timeout=seconds, attempts=None, wait_initial=1.0, wait_max=5.0, wait_jitter=0.0
    ):
        with attempt:
            if attempt.num > 1:
                _log.warning("trying again", seconds_tried=round(time.monotonic() - began))
            await action()
