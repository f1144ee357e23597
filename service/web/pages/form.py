"""What a form sends, read as it is meant."""

from pydantic import BeforeValidator


def _unless_empty(value: object) -> object:
    return value or None


Empty = BeforeValidator(_unless_empty)
"""A form sends what was left empty, too: that is None."""
