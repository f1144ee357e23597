"""Where one can go: the sections of the page, and the tabs of a line. A page that is added is named here."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Place:
    """A name for templates, the word that people read, and where it lies: a path, or a path in a line."""

    name: str
    word: str
    path: str


SECTIONS = (
    Place("wall", "Wall", "/"),
    Place("new-line", "New line", "/new-line"),
    Place("system", "System", "/system"),
)
LINE_TABS = (
    Place("review", "Review", ""),
    Place("bank", "Teach", "/bank"),
    Place("threshold", "Threshold", "/threshold"),
)
