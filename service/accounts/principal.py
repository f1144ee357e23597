"""Who asks: the person, or the machine in a person's name, behind one request."""

from dataclasses import dataclass
from typing import Literal

from service.accounts.roles import Role

Via = Literal["loopback", "session", "token"]


@dataclass(frozen=True, slots=True)
class Principal:
    """``name`` stands in commands and in the audit; two names are two persons. ``key`` is the session or the
    token that was shown, empty where none had to be. ``lines``: the only lines that it may ask of; None for
    all."""

    name: str
    role: Role
    via: Via
    key: str = ""
    lines: frozenset[str] | None = None

    def may_act_as(self, least: Role) -> bool:
        """Whether it may do what this role may."""
        return self.role.may_act_as(least)


# While there are no users, whoever is on this machine acts as this one.
NOBODY_ELSE = Principal("operator", Role.ENGINEER, "loopback")
