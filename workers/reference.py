"""The reference page, made from the code: settings, topics, metrics, recipes, and the closed sets of words.

``python -m workers.reference`` writes it; with ``--check`` it says whether the page is out of date.
"""

import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from schemas import reasons
from schemas.reasons import VerdictKind, Worded
from schemas.topics import DAY_MS, FOREVER, HOUR_MS, TOPICS, TopicSpec
from service.accounts.audit import Action
from service.accounts.roles import Role
from service.backbones.runtime import Runtime
from service.banks.refusal import Refusal
from service.ledger.report import TroubleKind
from service.patchcore.recipe_options import MEANINGS as OPTIONS
from service.patchcore.recipes import RECIPES
from service.settings import PREFIX, KafkaSettings, Settings
from service.signing.refusal import SignatureFault
from service.telemetry.metrics import metric_table
from service.telemetry.stages import Stage

PAGE = Path(__file__).parent.parent / "docs" / "reference.md"

# Words that are decided and that no program says yet.
NOT_BUILT: frozenset[Worded] = frozenset(
    {
        VerdictKind.DROPPED,
    }
)

_HEAD = """# Reference

Made from the code by `python -m workers.reference`; edit the code, not this page.
"""


def reference() -> str:
    """The whole page, in Markdown."""
    return "\n".join([_HEAD, *_settings(), *_topics(), *_metrics(), *_recipes(), *_words()])


def setting_paths(model: type[BaseModel] = Settings, prefix: str = "") -> Iterator[str]:
    """Every setting as ``part.name``."""
    for name, field in model.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield from setting_paths(kind, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}"


def described(path: str) -> str:
    """What a setting says of itself."""
    part, name = path.split(".")
    return _part(part).model_fields[name].description or ""


def closed_sets() -> Sequence[type[Worded]]:
    """Every closed set that people meet, in the order of the page."""
    of_messages = [
        kind
        for kind in vars(reasons).values()
        if isinstance(kind, type) and issubclass(kind, Worded) and kind is not Worded
    ]
    return [*of_messages, Role, Action, Runtime, Stage, Refusal, SignatureFault, TroubleKind]


def main(arguments: list[str], page: Path = PAGE) -> int:
    """Write the page, or with ``--check`` compare; 1 when it is out of date."""
    if arguments != ["--check"]:
        page.write_text(reference())
        return 0
    if page.exists() and page.read_text() == reference():
        return 0
    sys.stderr.write(f"{page.name} is not what the code says: run `python -m workers.reference`\n")
    return 1


def _settings() -> Iterator[str]:
    yield "## Settings\n"
    yield (
        "Each is an environment variable, read once at start; a misspelt one is refused by name. "
        "`patchline doctor` checks them.\n"
    )
    for part in Settings.model_fields:
        model = _part(part)
        yield f"### {part}\n"
        yield f"{_plain(model.__doc__)}\n"
        stated = model.model_json_schema()["properties"]
        rows = ((_variable(part, name), *_row(part, name, stated[name])) for name in model.model_fields)
        yield from _table(("variable", "default", "allowed", "meaning"), rows)


def _row(part: str, name: str, stated: Mapping[str, Any]) -> tuple[str, str, str]:
    default = _part(part).model_fields[name].default
    path = f"{part}.{name}"
    shown = "none" if default is None else "empty" if default in ("", (), {}) else f"`{default}`"
    return shown, _allowed(stated), described(path)


def _allowed(stated: Mapping[str, Any]) -> str:
    if "enum" in stated:
        return " or ".join(f"`{value}`" for value in stated["enum"])
    if "pattern" in stated:
        return f"`{stated['pattern']}`"
    bounds = {
        "minimum": "at least",
        "exclusiveMinimum": "more than",
        "maximum": "at most",
        "exclusiveMaximum": "less than",
    }
    return ", ".join(f"{words} {stated[key]:,}" for key, words in bounds.items() if key in stated)


def _topics() -> Iterator[str]:
    prefix = KafkaSettings().topic_prefix
    yield "## Topics\n"
    yield (
        f"Every key is the line's id. Names begin with `{PREFIX}KAFKA__TOPIC_PREFIX`; "
        "`patchline topics create` makes them, `patchline topics check` and every program at its start "
        "check them. The messages' schemas are in [schemas/json](../schemas/json).\n"
    )
    rows = (
        (
            f"`{spec.name(prefix)}`",
            spec.value,
            str(spec.partitions or f"`{PREFIX}KAFKA__PARTITIONS`"),
            _kept(spec),
            spec.written_by,
            spec.read_by,
        )
        for spec in TOPICS.values()
    )
    yield from _table(("topic", "value", "partitions", "kept", "written by", "read by"), rows)


def _kept(spec: TopicSpec) -> str:
    if spec.retention_ms == FOREVER:
        return "for ever"
    if spec.retention_ms < 2 * DAY_MS:
        return f"{spec.retention_ms // HOUR_MS} hours"
    return f"{spec.retention_ms // DAY_MS} days"


def _metrics() -> Iterator[str]:
    yield "## Metrics\n"
    yield "On `/metrics` of the probes' address, beside the process's own.\n"
    yield f"{metric_table()}\n"


def _recipes() -> Iterator[str]:
    yield "## Recipes\n"
    yield (
        "Every choice of the method that changes a score. `--recipe` names one, `--set OPTION=VALUE` changes "
        "an option of it, and a bank keeps the whole. How to choose is in [recipes.md](recipes.md).\n"
    )
    named = [recipe.model_dump(mode="json") for recipe in RECIPES.values()]
    rows = (
        (f"`{option}`", meaning, *(_told(recipe[option]) for recipe in named))
        for option, meaning in OPTIONS.items()
        if option != "name"
    )
    yield from _table(("option", "meaning", *(f"`{name}`" for name in RECIPES)), rows)


def _told(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else json.dumps(value).replace('"', "`")


def _words() -> Iterator[str]:
    yield "## Words\n"
    yield "The closed sets. A word marked * is decided, and no program says it or does it yet.\n"
    for kind in closed_sets():
        yield f"### {kind.__name__}\n"
        yield f"{_plain(kind.__doc__)}\n"
        rows = ((f"`{word.value}`{' *' if word in NOT_BUILT else ''}", word.sentence) for word in kind)
        yield from _table(("word", "sentence"), rows)


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(heads)} |"
    yield "|" + "---|" * len(heads)
    for row in rows:
        yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |"
    yield ""


def _part(name: str) -> type[BaseModel]:
    kind = Settings.model_fields[name].annotation
    if not isinstance(kind, type) or not issubclass(kind, BaseModel):
        raise TypeError(f"the setting {name} has no part of its own: put it into one")
    return kind


def _variable(part: str, name: str) -> str:
    return f"`{PREFIX}{part.upper()}__{name.upper()}`"


def _plain(docstring: str | None) -> str:
    return " ".join((docstring or "").split()).replace("``", "`")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
