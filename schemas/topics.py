"""The topics: names, keys, retention, and who writes and reads each."""

from dataclasses import dataclass
from enum import StrEnum

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
FOREVER = -1


class TopicKind(StrEnum):
    """The topics of one installation, without their prefix."""

    FRAMES = "frames"
    VERDICTS = "verdicts"
    ALERTS = "alerts"
    COMMANDS = "commands"
    LINE_EVENTS = "line-events"
    BANKS = "banks"
    DEAD_LETTERS = "dead-letters"


@dataclass(frozen=True)
class TopicSpec:
    """How a topic must be kept. ``partitions`` None: as many as the installation gives ``frames``."""

    kind: TopicKind
    value: str
    retention_ms: int
    partitions: int | None
    written_by: str
    read_by: str

    def name(self, prefix: str) -> str:
        """The topic's full name, such as ``patchline.frames``."""
        return f"{prefix}{self.kind.value}"


TOPICS: dict[TopicKind, TopicSpec] = {
    spec.kind: spec
    for spec in (
        TopicSpec(TopicKind.FRAMES, "the encoded image", 12 * HOUR_MS, None, "cameras", "inspector"),
        TopicSpec(TopicKind.VERDICTS, "JSON Verdict", 14 * DAY_MS, None, "inspector", "page, sinks"),
        TopicSpec(TopicKind.ALERTS, "JSON Alert", 60 * DAY_MS, None, "inspector", "page, sinks"),
        TopicSpec(TopicKind.COMMANDS, "JSON Command", FOREVER, 1, "page's API", "rebuilder"),
        TopicSpec(
            TopicKind.LINE_EVENTS,
            "JSON LineEvent",
            FOREVER,
            1,
            "rebuilder, inspector",
            "page, rebuilder, inspector",
        ),
        # One partition, never compacted: the first record of an epoch wins only where there is one order.
        TopicSpec(
            TopicKind.BANKS, "JSON Published or Activated", FOREVER, 1, "rebuilder", "inspectors, page"
        ),
        TopicSpec(
            TopicKind.DEAD_LETTERS, "the original bytes", 60 * DAY_MS, None, "inspector", "dead-letters"
        ),
    )
}
