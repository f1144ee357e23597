"""Topics that no other test has: a prefix of its own for each test."""

import uuid

from schemas.topics import TOPICS, TopicKind, TopicSpec


def unique_prefix() -> str:
    """A topic prefix that no other test uses, also on a broker of yours."""
    return f"test-{uuid.uuid4().hex[:12]}."


def specs(prefix: str, *kinds: TopicKind) -> dict[str, TopicSpec]:
    """The specs of some topics, or of all, by full name."""
    return {TOPICS[kind].name(prefix): TOPICS[kind] for kind in kinds or tuple(TopicKind)}
