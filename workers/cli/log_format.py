"""How a program writes its log lines, as an option."""

from enum import StrEnum
from typing import Annotated

import typer


class LogFormat(StrEnum):
    """How a program writes its log lines."""

    JSON = "json"
    PRETTY = "pretty"


Format = Annotated[
    LogFormat | None,
    typer.Option("--log-format", help="How log lines look; by default pretty on a terminal, else JSON."),
]
