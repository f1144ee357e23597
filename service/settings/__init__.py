"""One typed tree of settings, read once at start and passed down.

Prefix ``PATCHLINE_``, nested by ``__``: ``PATCHLINE_KAFKA__BOOTSTRAP``. Secrets are files.
"""

from service.settings.banks import RebuilderSettings, RetentionSettings, SigningSettings
from service.settings.connections import KafkaSettings, RedisSettings, StoreSettings
from service.settings.environment import FOREIGN, environment_of, load_settings
from service.settings.inspection import (
    BreakerSettings,
    DeadlineSettings,
    DriftSettings,
    EngineSettings,
    InspectorSettings,
)
from service.settings.part import SettingsError
from service.settings.programs import SupervisorSettings, TelemetrySettings, WebSettings
from service.settings.surroundings import AlertsSettings, CameraSettings, SinksSettings
from service.settings.tree import PREFIX, Settings, setting_names

__all__ = [
    "FOREIGN",
    "PREFIX",
    "AlertsSettings",
    "BreakerSettings",
    "CameraSettings",
    "DeadlineSettings",
    "DriftSettings",
    "EngineSettings",
    "InspectorSettings",
    "KafkaSettings",
    "RebuilderSettings",
    "RedisSettings",
    "RetentionSettings",
    "Settings",
    "SettingsError",
    "SigningSettings",
    "SinksSettings",
    "StoreSettings",
    "SupervisorSettings",
    "TelemetrySettings",
    "WebSettings",
    "environment_of",
    "load_settings",
    "setting_names",
]
