"""ETag and If-Match: a change says which state it was decided on, and a stale one is refused."""

import re
from typing import Annotated

from fastapi import Header

from service.web.problem import Problem

SHAPE = re.compile(r'"(\d{1,18})"')
STALE: dict[int | str, dict[str, object]] = {
    412: {"description": "The state that the change was decided on is no longer that of now."},
    428: {"description": "The change does not say which state it is for."},
}
IfMatch = Annotated[
    str | None,
    Header(alias="if-match", max_length=40, description="the ETag of the state that the change is for, or *"),
]


def etag(revision: int) -> str:
    """The header's value."""
    return f'"{revision}"'


def expected(if_match: str | None) -> int | None:
    """The revision that a change is for; None for any. Raises ``Problem``: 428 where it does not say, 412
    for what is no ETag of ours."""
    if if_match is None:
        raise Problem(428, "say which state you change: send its ETag as If-Match, or * for any")
    if if_match.strip() == "*":
        return None
    found = SHAPE.fullmatch(if_match.strip())
    if found is None:
        raise Problem(412, "If-Match is no ETag of this page: look at the state again, and send its ETag")
    return int(found[1])
