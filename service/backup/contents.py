"""What a backup holds, a closed set: whatever else is to be kept for ever joins it here."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from schemas.topics import FOREVER, TOPICS
from service.settings import Settings

KEPT_LOGS = tuple(kind for kind, spec in TOPICS.items() if spec.retention_ms == FOREVER)
"""The logs that are kept for ever: what is in force, what was asked, and what became of it."""

KEPT_OBJECTS = ("banks", "activations", "parts", "canaries", "features", "sink-letters")
"""Folders of the object store that retention never touches; frames and heatmaps go by age."""


@dataclass(frozen=True, slots=True)
class KeptDatabase:
    """A SQLite file of this machine; ``path`` tells where the settings put it. It may not be there."""

    name: str
    path: Callable[[Settings], Path]
    sentence: str


KEPT_DATABASES: tuple[KeptDatabase, ...] = (
    KeptDatabase(
        "accounts", lambda settings: settings.web.accounts, "Users, their roles, tokens and sessions."
    ),
)
