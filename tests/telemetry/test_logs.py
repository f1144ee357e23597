"""Where log lines go."""

import io
import sys

import pytest
import structlog

from service.settings import TelemetrySettings
from service.telemetry.logs import configure_logs

_log = structlog.get_logger()


def said(stream: io.StringIO, line: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", stream)
    configure_logs(TelemetrySettings(), "test")
    _log.info(line)


def test_a_logger_that_was_used_before_writes_where_logs_go_now(monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands run one after the other in a process of tests, each with a standard error of its own: a
    supervisor whose logger kept that of a command before failed at its first restart."""
    before, now = io.StringIO(), io.StringIO()
    try:
        said(before, "first", monkeypatch)
        before.close()
        said(now, "second", monkeypatch)
    finally:
        structlog.reset_defaults()
        structlog.contextvars.clear_contextvars()
    assert "second" in now.getvalue()
