"""Parts that one bank can be made of: enough of them, each once, all of one camera setting."""

from collections import Counter
from collections.abc import Callable, Sequence

from service.training.part import GoodPart
from service.training.refusal import Note, TrainingRefused, unheard

FEWEST = 5


def gathered(parts: Sequence[GoodPart], note: Note = unheard) -> list[GoodPart]:
    """The parts by name, each picture once. Raises ``TrainingRefused`` for fewer than five, for colour
    mixed with grey, and for mixed depths, naming a part of the smaller side. Mixed sizes are noted."""
    once = _each_once(sorted(parts, key=lambda part: part.name), note)
    if len(once) < FEWEST:
        raise TrainingRefused(
            f"{_count(once)} cannot make a bank: take at least {FEWEST} photos of different good parts, "
            "better 50"
        )
    _refuse_mixed(once, lambda part: part.form.channels, "{}", "take all photos in colour or all in grey")
    _refuse_mixed(once, lambda part: part.form.depth, "{} bits deep", "take all photos with one pixel format")
    _note_sizes(once, note)
    return once


def _each_once(parts: Sequence[GoodPart], note: Note) -> list[GoodPart]:
    first: dict[str, GoodPart] = {}
    for part in parts:
        kept = first.setdefault(part.sha256, part)
        if kept is not part:
            note(f"{part.name} is the same picture as {kept.name}: taken once")
    return list(first.values())


def _refuse_mixed(
    parts: Sequence[GoodPart], side: Callable[[GoodPart], str | int], words: str, remedy: str
) -> None:
    counts = Counter(side(part) for part in parts).most_common()
    if len(counts) < 2:
        return
    (usual, _), (rare, number) = counts[0], counts[-1]
    example = next(part.name for part in parts if side(part) == rare)
    others = f" and {number - 1} more are" if number > 1 else " is"
    raise TrainingRefused(
        f"{example}{others} {words.format(rare)} where the other parts are {words.format(usual)}: {remedy}"
    )


def _note_sizes(parts: Sequence[GoodPart], note: Note) -> None:
    sizes = sorted({(part.form.width, part.form.height) for part in parts})
    if len(sizes) > 1:
        (width, height), (widest, highest) = sizes[0], sizes[-1]
        note(
            f"the pictures have {len(sizes)} sizes, from {width} x {height} to {widest} x {highest}: all are "
            "resized to the median's shape, and the line will judge every size"
        )


def _count(parts: Sequence[GoodPart]) -> str:
    return "1 good part" if len(parts) == 1 else f"{len(parts)} good parts"
