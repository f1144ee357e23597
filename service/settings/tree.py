"""The tree of all settings, and the environment variable of each."""

from collections.abc import Iterator

from pydantic import BaseModel
from pydantic_settings import BaseSettings, SettingsConfigDict

from service.settings.banks import RebuilderSettings, RetentionSettings, SigningSettings
from service.settings.connections import KafkaSettings, RedisSettings, StoreSettings
from service.settings.inspection import (
    BreakerSettings,
    DeadlineSettings,
    DriftSettings,
    EngineSettings,
    InspectorSettings,
)
from service.settings.programs import SupervisorSettings, TelemetrySettings, WebSettings
from service.settings.surroundings import AlertsSettings, CameraSettings, SinksSettings

PREFIX = "PATCHLINE_"


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
