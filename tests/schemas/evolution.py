"""What a schema breaks of one that was released, in sentences: what was said before is never taken back."""

from collections.abc import Iterator
from typing import Any

Schema = dict[str, Any]
# What a value must be; a reader of before relies on it, and a writer of before keeps to no more than it said.
BOUNDS = (
    *("type", "const", "format", "pattern", "minLength", "maxLength", "minItems", "maxItems"),
    *("minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum"),
)


def breaks(old: Schema, new: Schema) -> list[str]:
    """Sentences, none when readers and writers of both understand each other; words that joined a closed set
    are none."""
    return list(_breaks("", old, new, old, new))


def _breaks(place: str, old: Schema, new: Schema, old_root: Schema, new_root: Schema) -> Iterator[str]:
    old, new = _resolved(old, old_root), _resolved(new, new_root)
    words: list[str] = old.get("enum", [])
    if gone := set(words) - set(new.get("enum", words)):
        yield f"{place}: {sorted(gone)} left the set"
    for bound in BOUNDS:
        if old.get(bound) != new.get(bound):
            yield f"{place}: {bound} was {old.get(bound)} and is {new.get(bound)}"
    yield from _members(place, old, new, old_root, new_root)
    yield from _choices(place, old, new, old_root, new_root)
    for part in ("items", "additionalProperties"):
        if isinstance(old.get(part), dict):
            yield from _breaks(f"{place}[]", old[part], new.get(part, {}), old_root, new_root)


def _members(place: str, old: Schema, new: Schema, old_root: Schema, new_root: Schema) -> Iterator[str]:
    if "properties" not in old:
        return
    had, has = old["properties"], new.get("properties", {})
    for name in sorted(had.keys() - has.keys()):
        yield f"{place}.{name} is gone"
    # A reader of before needs what was required; a writer of before writes no more than that.
    if old.get("required", []) != [name for name in new.get("required", []) if name in had]:
        yield f"{place}: required was {old.get('required', [])} and is {new.get('required', [])}"
    for name in sorted(set(new.get("required", ())) - had.keys()):
        yield f"{place}.{name} is new and required"
    if new.get("additionalProperties") is False:
        yield f"{place} takes no unknown fields any longer"
    for name in sorted(had.keys() & has.keys()):
        yield from _breaks(f"{place}.{name}", had[name], has[name], old_root, new_root)


def _choices(place: str, old: Schema, new: Schema, old_root: Schema, new_root: Schema) -> Iterator[str]:
    """Each choice of before must be one of today; choices may join."""
    for word in ("anyOf", "oneOf"):
        for number, choice in enumerate(old.get(word, ())):
            found = [list(_breaks(place, choice, other, old_root, new_root)) for other in new.get(word, ())]
            if not found or min(map(len, found)) > 0:
                nearest = min(found, key=len, default=["there is no choice"])
                yield f"{place}: choice {number} is gone ({nearest[0]})"


def _resolved(schema: Schema, root: Schema) -> Schema:
    while "$ref" in schema:
        schema = root["$defs"][schema["$ref"].rpartition("/")[2]]
    return schema
