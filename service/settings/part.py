"""A part of the tree, and what is said when it is refused."""

from pydantic import BaseModel, ConfigDict


class SettingsError(Exception):
    """A setting is misspelt or has an impossible value; the sentence names it and the remedy."""


class Part(BaseModel):
    """Settings that belong together: fixed, and closed to names it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid")
