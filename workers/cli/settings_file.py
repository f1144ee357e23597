"""A file of settings: written with every setting in it as a comment, read as if it were the environment."""

import inspect
import json
import os
from collections.abc import Iterator, Mapping, MutableMapping
from pathlib import Path
from textwrap import wrap
from typing import Any

SETTINGS_FILE = "PATCHLINE_SETTINGS"
_WIDTH = 100
_HEAD = """\
# Settings of Patchline. Take the # from a line to set it; what is commented out is the default.
# Read with `patchline --settings FILE COMMAND`, or with PATCHLINE_SETTINGS=FILE in the environment;
# systemd (EnvironmentFile=), Docker (--env-file) and a shell (set -a; . FILE) read it too. The
# environment goes before this file. Passwords and keys are files, which settings here only name.
"""


def settings_text() -> str:
    """Every setting with its default and what is to be known of it."""
    from service.settings import Settings

    parts = ((name, field.annotation) for name, field in Settings.model_fields.items())
    return "\n".join([_HEAD, *("\n".join(_part(name, kind)) for name, kind in parts)])


def adopt(path: Path, environment: MutableMapping[str, str] = os.environ) -> None:
    """Put the file's settings into the environment, which goes before them. Raises ``Refused`` for a file
    that cannot be read and for what is no setting of ours; a misspelt one is told when settings are read."""
    for name, value in _values(path).items():
        environment.setdefault(name, value)


def _values(path: Path) -> Mapping[str, str]:
    from dotenv import dotenv_values

    from service.settings import PREFIX
    from workers.cli.failures import Refused

    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise Refused(
            f"the settings {path} cannot be read ({why}): make them with `patchline init`"
        ) from error
    values = dotenv_values(stream=_lines(text), interpolate=False)
    for name, value in values.items():
        if not name.startswith(PREFIX) or value is None:
            raise Refused(f"{path} has {name}, which sets nothing of ours: write {PREFIX}...=VALUE")
    return {name: value or "" for name, value in values.items()}


def _lines(text: str) -> Any:
    from io import StringIO

    return StringIO(text)


def _part(name: str, kind: Any) -> Iterator[str]:
    from service.settings import PREFIX

    yield f"\n# ---- {name} " + "-" * max(0, _WIDTH - len(name) - 8)
    yield from _comment(inspect.getdoc(kind) or "")
    for option, field in kind.model_fields.items():
        yield ""
        yield from _comment(field.description or "")
        yield f"#{PREFIX}{name.upper()}__{option.upper()}={_written(field.default)}"


def _comment(text: str) -> Iterator[str]:
    for line in wrap(" ".join(text.split()), _WIDTH - 2):
        yield f"# {line}"


def _written(value: Any) -> str:
    if isinstance(value, dict | tuple):
        return json.dumps(value)
    return "" if value is None else str(value)
