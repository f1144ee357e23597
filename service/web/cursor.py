"""Cursors: where a list goes on, as text that is nobody's to read, and that is read with suspicion."""

import base64
import binascii
from typing import Annotated, Generic, TypeVar

from fastapi import Query
from pydantic import TypeAdapter, ValidationError

from service.web.problem import Problem

LONGEST = 200
T = TypeVar("T")

CursorText = Annotated[
    str | None, Query(max_length=LONGEST, description="`next_cursor` of the page before", examples=[None])
]
"""The query parameter ``cursor`` of a list."""

Limit = Annotated[int, Query(ge=1, le=500, description="how many, at most")]
"""The query parameter ``limit`` of a list."""


class Cursors(Generic[T]):
    """The cursors of one kind of list, each of which stands for a place: the key of its last row. ``shape``
    says what a place is, with its bounds."""

    def __init__(self, kind: str, shape: TypeAdapter[T]) -> None:
        self._kind = kind
        self._shape = shape

    def write(self, place: T | None) -> str | None:
        """The text of a place; None at the end of the list."""
        if place is None:
            return None
        plain = self._kind.encode() + b" " + self._shape.dump_json(place)
        return base64.urlsafe_b64encode(plain).decode().rstrip("=")

    def read(self, text: str | None) -> T | None:
        """The place of a text, None for the beginning. Raises ``Problem`` 422 for a text that is no cursor,
        or one of another list."""
        if text is None:
            return None
        try:
            padded = text[:LONGEST] + "=" * (-len(text) % 4)
            kind, _, place = base64.b64decode(padded, altchars=b"-_", validate=True).partition(b" ")
            if kind == self._kind.encode():
                return self._shape.validate_json(place, strict=True)
        except (binascii.Error, ValueError, ValidationError):
            pass
        raise Problem(422, "the cursor is none of this list: take it from next_cursor of the page before")
