"""The page, what supervises programs, and what they tell of themselves."""

from pathlib import Path
from typing import Literal

from pydantic import Field

from service.settings.part import Part


class SupervisorSettings(Part):
    """`patchline run all`: how often a program that ended is started again."""

    restarts: int = Field(default=10, ge=0, description="of one program within the window; past them all end")
    window_seconds: float = Field(default=300.0, gt=0, description="the window in which restarts count")
    pause_seconds: float = Field(default=1.0, ge=0, description="before a program is started again")


class WebSettings(Part):
    """The page and its API; the probes and metrics listen on an address of their own."""

    host: str = Field(
        default="127.0.0.1",
        description="where it listens; an address that others reach is refused until there are users",
    )
    port: int = Field(default=8080, ge=0, le=65_535, description="of the page and `/v1`")
    public_url: str = Field(
        default="http://127.0.0.1:8080",
        pattern=r"^https?://[^\s]+$",
        description="what the URLs in verdicts and alerts begin with",
    )
    keep_verdicts: int = Field(default=20_000, ge=100, description="newest verdicts the page remembers")
    accounts: Path = Field(
        default=Path("/var/lib/patchline/accounts.sqlite"),
        description="users, tokens and sessions; while it has no users, only this machine is answered",
    )
    session_idle_minutes: int = Field(
        default=120, ge=1, description="without a request, after which a person has to log in again"
    )
    session_hours: float = Field(
        default=12.0, gt=0, description="after which a person has to log in again in any case"
    )
    trusted_proxies: str = Field(
        default="",
        description="addresses of proxies, parted by commas, that are believed when they name the asker",
    )
    token_file: Path | None = Field(
        default=None, description="a text file with the token that the command line shows to the page"
    )


class TelemetrySettings(Part):
    """Logs, and the loopback address of /livez, /readyz and /metrics. Port 0 picks a free one."""

    log_format: Literal["json", "pretty"] = Field(
        default="json", description="one JSON object a line, or coloured text"
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="lines below it are not written"
    )
    otlp_endpoint: str | None = Field(
        default=None,
        pattern=r"^https?://[^\s]+[^\s/]$",
        description="where traces go, as OTLP over HTTP, such as http://127.0.0.1:4318; without it none are "
        "made (extra `otel`)",
    )
    host: str = Field(default="127.0.0.1", description="where `/livez`, `/readyz` and `/metrics` listen")
    port: int = Field(default=0, ge=0, le=65_535, description="their port; 0 picks a free one")
