"""Traces: a frame followed from its camera to its alert, by W3C trace context in the records' headers.

Off unless an OTLP endpoint is set; then OpenTelemetry's own variables (OTEL_...) hold too. What is written of
a frame carries the camera's context as it came, so that an alert made again is the same record.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from schemas.frame import Headers
from service.settings import SettingsError, TelemetrySettings

if TYPE_CHECKING:
    from opentelemetry.context import Context
    from opentelemetry.trace import Tracer

CONTEXT_HEADERS = ("traceparent", "tracestate")
_tracer: "Tracer | None" = None


def start_tracing(settings: TelemetrySettings, program: str) -> None:
    """Send spans to the endpoint of the settings, in a thread of their own; without one do nothing. What
    the endpoint does not take is dropped. Raises ``SettingsError`` where OpenTelemetry is not installed."""
    if settings.otlp_endpoint is None:
        return
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError as error:
        raise SettingsError(
            "PATCHLINE_TELEMETRY__OTLP_ENDPOINT is set and OpenTelemetry is not installed: "
            "pip install 'patchline[otel]', or unset it"
        ) from error
    trace_to(BatchSpanProcessor(OTLPSpanExporter(endpoint=f"{settings.otlp_endpoint}/v1/traces")), program)


def trace_to(processor: Any, program: str) -> None:
    """Give spans to a processor of OpenTelemetry's; None ends tracing."""
    global _tracer
    if processor is None:
        _tracer = None
        return
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider

    provider = TracerProvider(
        resource=Resource.create({"service.namespace": "patchline", "service.name": program})
    )
    provider.add_span_processor(processor)
    _tracer = provider.get_tracer("patchline")


@contextmanager
def span(name: str, *, of: Headers = (), links: Sequence[Headers] = ()) -> Iterator[None]:
    """A span around the block: a child of the trace in a record's headers ``of``, with links to others.
    Costs nothing while tracing is off."""
    if _tracer is None:
        yield
        return
    from opentelemetry.trace import Link, get_current_span

    contexts = [get_current_span(_context(headers)).get_span_context() for headers in links]
    linked = [Link(context) for context in contexts if context.is_valid]
    with _tracer.start_as_current_span(name, context=_context(of) if of else None, links=linked):
        yield


@contextmanager
def spans(name: str, *, of: Sequence[Headers]) -> Iterator[None]:
    """A span of the block's time in the trace of each record, by their headers; none is the current one.
    Costs nothing while tracing is off."""
    opened = [] if _tracer is None else [_tracer.start_span(name, context=_context(each)) for each in of]
    try:
        yield
    finally:
        for each in opened:
            each.end()


def begun() -> Headers:
    """The headers that lead to the current span; none while tracing is off."""
    if _tracer is None:
        return ()
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    carrier: dict[str, str] = {}
    TraceContextTextMapPropagator().inject(carrier)
    return tuple((name, value.encode()) for name, value in carrier.items())


def context_headers(headers: Headers) -> Headers:
    """Those of a record's headers that say which trace it belongs to, as they came."""
    return tuple((name, value) for name, value in headers if name in CONTEXT_HEADERS)


def current_ids() -> dict[str, str]:
    """``trace_id`` and ``span_id`` of the current span, for log lines; none while tracing is off."""
    if _tracer is None:
        return {}
    from opentelemetry.trace import format_span_id, format_trace_id, get_current_span

    context = get_current_span().get_span_context()
    if not context.is_valid:
        return {}
    return {"trace_id": format_trace_id(context.trace_id), "span_id": format_span_id(context.span_id)}


def _context(headers: Headers) -> "Context":
    """What a hostile or foreign header says is taken only where it is a W3C trace context."""
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    carrier = {name: value.decode(errors="replace") for name, value in context_headers(headers)}
    return TraceContextTextMapPropagator().extract(carrier)
