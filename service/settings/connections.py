"""The broker, the cache and the object store."""

from pathlib import Path
from typing import Literal

from pydantic import Field

from service.settings.part import Part


class KafkaSettings(Part):
    """The broker, and how we are a member of it."""

    bootstrap: str = Field(
        default="127.0.0.1:9092", description="host:port of the broker; several are parted by commas"
    )
    topic_prefix: str = Field(
        default="patchline.",
        pattern=r"^[A-Za-z0-9._-]{0,64}$",
        description="what the names of all topics begin with: one for each installation of a broker",
    )
    partitions: int = Field(default=8, ge=1, description="of frames and verdicts, when we create them")
    replication: int = Field(
        default=1,
        ge=1,
        description="copies of each topic, when we create them: 1 loses all with one broker's disk",
    )
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
    max_message_bytes: int = Field(
        default=9_000_000,
        ge=1_000_000,
        description="the largest record that is sent, fetched, and allowed on topics we create",
    )
    session_timeout_ms: int = Field(
        default=30_000,
        ge=6_000,
        description="a member that is silent for so long loses its partitions",
    )
    heartbeat_ms: int = Field(
        default=3_000, ge=500, description="how often a member tells its group that it lives"
    )
    delivery_seconds: float = Field(default=30.0, gt=0, description="a send past it rebuilds the producer")
    start_seconds: float = Field(default=60.0, gt=0, description="how long an unreachable broker is tried")


class RedisSettings(Part):
    """The cache of banks. Without it, scoring goes on from files and the object store."""

    url: str = Field(
        default="redis://127.0.0.1:6379/0",
        description="`redis://` or `rediss://`, with host, port and database",
    )
    user: str | None = Field(default=None, description="an ACL user; none is `default`")
    password_file: Path | None = Field(default=None, description="a text file with the password")
    ca_file: Path | None = Field(
        default=None, description="PEM: whom to trust instead of the system's list, with `rediss://`"
    )
    client_cert_file: Path | None = Field(
        default=None, description="PEM: our certificate, where Redis asks for one"
    )
    client_key_file: Path | None = Field(default=None, description="PEM: its key")
    chunk_bytes: int = Field(default=8 * 2**20, ge=2**16, description="a bank is kept in pieces of this size")
    timeout_seconds: float = Field(
        default=5.0, gt=0, description="for each command; past it the cache counts as away for five seconds"
    )
    ttl_seconds: int = Field(default=7 * 86_400, ge=60, description="how long a bank stays that nobody reads")


class StoreSettings(Part):
    """The object store: ``file:///folder``, ``s3://bucket/prefix``, or ``memory://`` for one process."""

    url: str = Field(
        default="file:///var/lib/patchline/store",
        description="where frames, heatmaps, banks and parts are kept",
    )
    cache_dir: Path = Field(
        default=Path("/var/lib/patchline/cache"),
        description="a folder of this host: bank files, and the page's view of the stream",
    )
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
    timeout_seconds: float = Field(
        default=10.0, gt=0, description="for an answer; a transfer has a second more for each MiB"
    )
