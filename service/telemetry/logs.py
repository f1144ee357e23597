"""Logs: one JSON object a line, or coloured lines on a terminal; always to standard error."""

import logging
import sys

import structlog

from service.settings import TelemetrySettings
from service.telemetry.tracing import current_ids


def configure_logs(settings: TelemetrySettings, program: str) -> None:
    """Set up logging for this process. Call once, before the first log line."""
    level = getattr(logging, settings.log_level.upper())
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer()
        if settings.log_format == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            _with_trace,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    structlog.contextvars.bind_contextvars(program=program)
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="%(name)s %(levelname)s %(message)s")
    # aiokafka tells of every reconnect at ERROR; our own lines say the same once, with the remedy.
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)


def _with_trace(
    _logger: object, _method: str, event: structlog.typing.EventDict
) -> structlog.typing.EventDict:
    event.update(current_ids())
    return event
