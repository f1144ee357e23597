"""Settings from the environment, and the environment of settings."""

import difflib
import json
import os
from collections.abc import Iterator, Mapping

from pydantic import BaseModel, ValidationError

from service.settings.part import SettingsError
from service.settings.tree import PREFIX, Settings, setting_names

# Read by the test suite, by make and by the command line, which puts a settings file into the environment.
FOREIGN = ("PATCHLINE_SETTINGS", "PATCHLINE_TEST_KAFKA", "PATCHLINE_REQUIRE_KAFKA", "PATCHLINE_CACHE")


def load_settings(environment: Mapping[str, str] | None = None) -> Settings:
    """The settings of the environment; raises ``SettingsError`` naming a misspelt or impossible one."""
    _refuse_unknown(os.environ if environment is None else environment)
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors()[0]
        name = PREFIX + "__".join(str(step).upper() for step in first["loc"])
        raise SettingsError(f"{name} is refused: {first['msg']}; correct or unset it") from error


def _refuse_unknown(environment: Mapping[str, str]) -> None:
    known = [*setting_names(), *FOREIGN]
    for name in sorted(environment):
        if name.upper().startswith(PREFIX) and name.upper() not in known:
            near = difflib.get_close_matches(name.upper(), known, n=1)
            hint = f"did you mean {near[0]}?" if near else "see `patchline doctor` for the names"
            raise SettingsError(f"{name} is no setting of Patchline; {hint}")


def environment_of(settings: Settings) -> dict[str, str]:
    """The environment under which ``load_settings`` gives these settings; None is left out."""
    return dict(_flattened(settings, PREFIX))


def _flattened(part: BaseModel, prefix: str) -> Iterator[tuple[str, str]]:
    for name in type(part).model_fields:
        value = getattr(part, name)
        if isinstance(value, BaseModel):
            yield from _flattened(value, f"{prefix}{name.upper()}__")
        elif value is not None:
            yield f"{prefix}{name.upper()}", _written(value)


def _written(value: object) -> str:
    return json.dumps(value) if isinstance(value, dict | tuple) else str(value)
