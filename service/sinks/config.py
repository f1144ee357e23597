"""The sinks' settings file: TOML, one table a sink, typed; what it does not know it refuses by name.

Secrets are files that it names; none stands in it.
"""

import tomllib
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from schemas.ids import LINE_PATTERN, LineId
from schemas.reasons import VerdictKind
from service.settings import SettingsError


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Join(_Table):
    """Verdicts of several views of one ``part-id`` become one report."""

    line: LineId = Field(description="what the joined reports name as their line")
    by: Literal["line", "camera"] = Field(default="line", description="what tells views apart")
    views: tuple[str, ...] = Field(min_length=2, description="the lines, or the cameras, that see each part")
    seconds: float = Field(default=2.0, gt=0, description="from a part's first view; past it, it is not good")


class ChangeOver(_Table):
    """The counterpart may choose the line's model: the choice becomes an Activate command of the API."""

    api: str = Field(default="http://127.0.0.1:8080", pattern=r"^https?://[^\s@]+$")
    token_file: Path | None = Field(default=None, description="an API token, where the page asks for one")
    seconds: float = Field(default=60.0, gt=0, description="how long the command's result is waited for")


class _Sink(_Table):
    source: Literal["verdicts", "alerts"] = "verdicts"
    lines: tuple[LineId, ...] = Field(default=(), description="empty: all")
    verdicts: tuple[VerdictKind, ...] = Field(
        default=(), description="empty: all; what is late or missing is told whatever is chosen here"
    )
    cameras: tuple[str, ...] = Field(default=(), description="empty: all")
    replays: bool = Field(default=False, description="whether frames that were sent again are told of")
    give_up_seconds: float | None = Field(
        default=None, gt=0, description="a report that is not accepted by then is set aside; none: never"
    )
    backlog: int = Field(default=256, ge=1, description="reports of a partition that wait, at most")
    join: Join | None = None
    cooldown_seconds: float | None = Field(
        default=None, ge=0, description="of alerts; none: as the page, PATCHLINE_ALERTS__COOLDOWN_SECONDS"
    )
    group_seconds: float | None = Field(
        default=None, ge=0, description="of alerts; none: as the page, PATCHLINE_ALERTS__GROUP_SECONDS"
    )
    snooze: bool | None = Field(
        default=None,
        description="of alerts: whether a line that a person snoozed is quiet; none: as the page",
    )

    @model_validator(mode="after")
    def _fits_its_source(self) -> Self:
        hygiene = ("cooldown_seconds", "group_seconds", "snooze")
        given = [name for name in hygiene if getattr(self, name) is not None]
        if self.source == "verdicts" and given:
            raise ValueError(f"{given[0]} is for alerts: set source = 'alerts', or remove it")
        if self.source == "alerts" and self.join is not None:
            raise ValueError("join is for verdicts, since an alert says nothing of the other views")
        return self


class WebhookConfig(_Sink):
    """An HTTP POST for each report."""

    kind: Literal["webhook"]
    url: str = Field(pattern=r"^https?://\S+$")
    headers: dict[str, str] = Field(default={}, description="sent as they are: no secrets here")
    token_file: Path | None = Field(default=None, description="sent as `Authorization: Bearer ...`")
    secret_file: Path | None = Field(default=None, description="the key of the HMAC-SHA256 signature")
    ca_file: Path | None = Field(default=None, description="whom to trust instead of the system's list")
    template: str | None = Field(
        default=None, max_length=20_000, description="Jinja2 that makes a JSON document of `report`"
    )
    timeout_seconds: float = Field(default=10.0, gt=0)


class MqttConfig(_Sink):
    """A message on the line's topic for each report, acknowledged (QoS 1)."""

    kind: Literal["mqtt"]
    host: str = "127.0.0.1"
    port: int = Field(default=1883, ge=1, le=65_535)
    protocol: Literal["5", "3.1.1"] = "5"
    tls: bool = False
    ca_file: Path | None = None
    client_cert_file: Path | None = None
    client_key_file: Path | None = None
    user: str | None = None
    password_file: Path | None = None
    topic: str = Field(default="patchline", pattern=r"^[^+#\x00]{1,200}$", description="topics begin with it")
    retain: bool = Field(default=False, description="whether the broker keeps each line's newest report")
    timeout_seconds: float = Field(default=10.0, gt=0)
    change_over: ChangeOver | None = None


class OpcUaConfig(_Sink):
    """An OPC UA server that a PLC connects to. It serves the lines that it names."""

    kind: Literal["opcua"]
    lines: tuple[LineId, ...] = Field(min_length=1)
    endpoint: str = Field(default="opc.tcp://127.0.0.1:4840/patchline", pattern=r"^opc\.tcp://[^\s@]+$")
    users_file: Path | None = Field(
        default=None, description="lines of `name:password`; required unless the endpoint is loopback"
    )
    certificate_file: Path | None = None
    key_file: Path | None = None
    acknowledge_seconds: float = Field(default=10.0, gt=0, description="past it the result is shown again")
    trigger_url: str | None = Field(
        default=None,
        pattern=r"^http://(127\.0\.0\.1|localhost|\[::1\]):\d+/\S*$",
        description="of the camera",
    )
    change_over: ChangeOver | None = None


class CsvConfig(_Sink):
    """A row for each report, on the disk before it counts as told."""

    kind: Literal["csv"]
    path: Path
    max_bytes: int = Field(default=64 * 2**20, ge=1_000, description="past it a new file is begun")
    keep: int = Field(default=30, ge=1, description="older files that stay; the oldest goes first")


AnySink = WebhookConfig | MqttConfig | OpcUaConfig | CsvConfig


class SinksFile(_Table):
    """The whole file."""

    sinks: dict[
        Annotated[str, Field(pattern=LINE_PATTERN)], Annotated[AnySink, Field(discriminator="kind")]
    ] = {}


def read_sink(path: Path | None, name: str) -> AnySink:
    """The sink of that name. Raises ``SettingsError`` naming file, entry and remedy. Blocks for the file."""
    if path is None:
        raise SettingsError("no file of sinks is named: set PATCHLINE_SINKS__FILE to one (docs/factory.md)")
    sinks = _read(path).sinks
    if name not in sinks:
        known = ", ".join(sorted(sinks)) or "none"
        raise SettingsError(f"{path} has no sink {name!r}: it has {known}; add a table [sinks.{name}]")
    return sinks[name]


def _read(path: Path) -> SinksFile:
    try:
        return SinksFile.model_validate(tomllib.loads(path.read_text()))
    except OSError as error:
        raise SettingsError(
            f"PATCHLINE_SINKS__FILE {path} cannot be read ({error.strerror}): name a readable TOML file"
        ) from error
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        place = ".".join(str(step) for step in first["loc"])
        raise SettingsError(f"{path}: {place} is refused: {first['msg']}; correct or remove it") from error
    except ValueError as error:
        raise SettingsError(f"{path} is no TOML ({error}): correct it") from error
