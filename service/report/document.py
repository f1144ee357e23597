"""A report before it is a page: sections of sentences, numbers, figures and pictures."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under headings; every row is as long as the headings."""

    headings: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True, slots=True)
class Figure:
    """A chart as SVG, and what it shows in words, for those who do not see it."""

    svg: str
    caption: str


@dataclass(frozen=True, slots=True)
class Case:
    """One part worth looking at: PNG bytes of its heatmap, and why it is here."""

    name: str
    sentence: str
    picture: bytes | None = None


@dataclass(frozen=True, slots=True)
class Gallery:
    """Parts of one kind. ``nothing`` is said where there are none."""

    title: str
    cases: Sequence[Case]
    nothing: str


@dataclass(frozen=True, slots=True)
class Section:
    """What is told of one category or one line."""

    title: str
    sentences: Sequence[str] = ()
    tables: Sequence[Table] = ()
    figures: Sequence[Figure] = ()
    galleries: Sequence[Gallery] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """The whole of it. ``made_at`` is the moment of its making, with its zone."""

    title: str
    summary: Sequence[str]
    sections: Sequence[Section]
    made_at: datetime
    version: str
    facts: Sequence[tuple[str, str]] = field(default=())
