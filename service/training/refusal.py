"""Why good parts do not become a bank, in sentences for whoever took the photos."""

from collections.abc import Callable

Note = Callable[[str], None]
"""Told of what was passed over or taken with a grain of salt: one sentence each."""


class TrainingRefused(Exception):
    """No bank comes of these parts; the sentence names the part or file, the reason and the remedy."""


def unheard(sentence: str) -> None:
    """A ``Note`` that nobody listens to."""
