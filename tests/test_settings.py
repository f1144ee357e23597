"""Laws of the settings."""

import os

import pytest

from service.settings import (
    EngineSettings,
    KafkaSettings,
    Settings,
    SettingsError,
    WebSettings,
    environment_of,
    load_settings,
    setting_names,
)


def test_a_misspelt_setting_is_refused_by_name_with_the_near_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATCHLINE_KAFKA__BOTSTRAP", "x:1")
    with pytest.raises(SettingsError, match=r"PATCHLINE_KAFKA__BOTSTRAP.*PATCHLINE_KAFKA__BOOTSTRAP"):
        load_settings()


def test_an_impossible_value_is_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATCHLINE_INSPECTOR__MAX_BATCH", "0")
    with pytest.raises(SettingsError, match="PATCHLINE_INSPECTOR__MAX_BATCH"):
        load_settings()


def test_one_setting_changes_one_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATCHLINE_INSPECTOR__MAX_BATCH", "4")
    settings = load_settings()
    assert settings.inspector.max_batch == 4
    assert settings.inspector.max_wait_ms == Settings().inspector.max_wait_ms


def test_every_setting_has_its_own_name() -> None:
    names = list(setting_names())
    assert len(names) == len(set(names)) > 30


def test_settings_survive_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    changed = Settings(kafka=KafkaSettings(bootstrap="b:1", partitions=3), web=WebSettings(port=0))
    for name, value in environment_of(changed).items():
        monkeypatch.setenv(name, value)
    assert load_settings() == changed


def test_every_setting_says_what_it_does() -> None:
    silent = [
        f"{part}.{name}"
        for part, branch in Settings.model_fields.items()
        for name, field in getattr(branch.annotation, "model_fields").items()  # noqa: B009 - any type to mypy
        if not field.description
    ]
    assert silent == []


def test_a_thread_decodes_ahead_on_a_cpu_only_where_the_engines_leave_it_a_core(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for cores, threads, expected in ((1, 0, 0), (2, 0, 1), (2, 1, 1), (2, 2, 0), (8, 0, 1), (8, 8, 0)):
        monkeypatch.setattr(os, "cpu_count", lambda cores=cores: cores)
        assert EngineSettings(threads=threads).decoders == expected
    assert EngineSettings(threads=8, decode_threads=3).decoders == 3


def test_a_command_has_a_thread_on_every_core_unless_it_is_told_otherwise(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 4)
    assert EngineSettings().alone().threads == 4
    assert EngineSettings(threads=3).alone().threads == 3
