"""The three roles, each of which may do what the one before may."""

from schemas.reasons import Worded


class Role(Worded):
    """What a user, or a token, may do."""

    VIEWER = "viewer", "Looks: lines, verdicts, pictures, events."
    OPERATOR = "operator", "Looks and answers: approves parts and confirms defects."
    ENGINEER = "engineer", "Answers, and changes banks, thresholds, maintenance and users."

    def may_act_as(self, least: "Role") -> bool:
        """Whether this role is at least that one."""
        return _RANK[self] >= _RANK[least]


_RANK = {role: rank for rank, role in enumerate(Role)}


def lesser(one: Role, other: Role) -> Role:
    """The role of the two that may do less."""
    return min(one, other, key=lambda role: _RANK[role])
