"""Where one can go: the sections of the page, and the tabs of a line. A page that is added is named here."""

from dataclasses import dataclass

from service.accounts.roles import Role


@dataclass(frozen=True, slots=True)
class Place:
    """A name for templates, the word that people read, and where it lies: a path, or a path in a line. It is
    shown to who may open it."""

    name: str
    word: str
    path: str
    least: Role = Role.VIEWER


SECTIONS = (
    Place("wall", "Wall", "/"),
    Place("new-line", "New line", "/new-line", Role.ENGINEER),
    Place("system", "System", "/system"),
    Place("users", "Users", "/users", Role.ENGINEER),
)
LINE_TABS = (
    Place("review", "Review", ""),
    Place("bank", "Teach", "/bank"),
    Place("threshold", "Threshold", "/threshold"),
)
