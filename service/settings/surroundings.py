"""What lies around a line: cameras, sinks, and which alerts people are told of."""

from pathlib import Path

from pydantic import Field

from service.settings.part import Part


class CameraSettings(Part):
    """`patchline run camera`: what waits on disk while the broker is away (docs/factory.md)."""

    ring_dir: Path | None = Field(
        default=None, description="a folder of this host; without one `camera` in `store.cache_dir`"
    )
    ring_bytes: int = Field(
        default=2**30, ge=1_000, description="of one camera; past it the oldest frames are dropped, counted"
    )


class SinksSettings(Part):
    """What tells PLCs, brokers, files and web services of verdicts (docs/factory.md)."""

    file: Path | None = Field(default=None, description="the sinks' settings, in TOML: a table for each")
    allowed_hosts: tuple[str, ...] = Field(
        default=(),
        description="where webhooks may go, as JSON; empty: anywhere by https, and in the clear to loopback",
    )


class AlertsSettings(Part):
    """Which alerts page and sinks tell people of; the topic always has all of them."""

    group_seconds: float = Field(
        default=300.0, ge=0, description="an alert within so long of the one before joins its group"
    )
    cooldown_seconds: float = Field(
        default=900.0, ge=0, description="people are told of a line at most once in so long"
    )
