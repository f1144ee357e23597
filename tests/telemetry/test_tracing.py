"""A frame's trace goes from its camera to its alert."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from schemas.frame import Headers
from schemas.topics import TopicKind
from service.settings import SettingsError, TelemetrySettings
from service.telemetry import tracing
from service.telemetry.logs import configure_logs
from tests.extraction.lines import DEFECTIVE
from tests.inspector.plant import Plant, build_plant

TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
CAMERA: Headers = (("traceparent", f"00-{TRACE}-{PARENT}-01".encode()),)


@pytest.fixture
def exported() -> Iterator[InMemorySpanExporter]:
    exporter = InMemorySpanExporter()
    tracing.trace_to(SimpleSpanProcessor(exporter), "test")
    yield exporter
    tracing.trace_to(None, "test")


async def test_a_frames_trace_leads_from_its_camera_through_batch_and_store_to_its_alert(
    exported: InMemorySpanExporter, tmp_path: Path, valkey_url: str
) -> None:
    plant: Plant = await build_plant(tmp_path, valkey_url)
    await plant.put_in_force("line1")
    async with plant.inspecting():
        await plant.send("line1", DEFECTIVE, 0, CAMERA)
        await plant.alerts(1)
    await plant.broker.close()
    spans = {span.name: span for span in exported.get_finished_spans()}
    for name in ("store pictures", "publish the verdict", "publish the alert"):
        assert _trace(spans[name]) == TRACE
    (link,) = spans["score a batch"].links
    assert f"{link.context.trace_id:032x}" == TRACE
    for kind in (TopicKind.VERDICTS, TopicKind.ALERTS):
        (record,) = await plant.records(kind)
        assert tracing.context_headers(record.headers) == CAMERA


@pytest.mark.parametrize(
    "value", [b"", b"nonsense", b"\xff\xfe", b"00-" + b"0" * 32 + b"-" + b"0" * 16 + b"-01"]
)
def test_a_context_that_is_none_begins_a_trace_of_its_own(
    exported: InMemorySpanExporter, value: bytes
) -> None:
    with tracing.span("one", of=(("traceparent", value),), links=[(("traceparent", value),)]):
        pass
    (span,) = exported.get_finished_spans()
    assert span.parent is None
    assert not span.links


def test_a_log_line_inside_a_span_names_it(
    exported: InMemorySpanExporter, capsys: pytest.CaptureFixture[str]
) -> None:
    import structlog

    configure_logs(TelemetrySettings(), "test")
    with tracing.span("one", of=CAMERA):
        structlog.get_logger().info("inside")
    structlog.get_logger().info("outside")
    structlog.reset_defaults()
    inside, outside = (json.loads(line) for line in capsys.readouterr().err.splitlines())
    assert inside["trace_id"] == TRACE
    assert "trace_id" not in outside


def test_without_an_endpoint_nothing_is_made_and_without_the_package_the_sentence_names_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tracing.start_tracing(TelemetrySettings(), "test")
    with tracing.span("one"):
        assert tracing.begun() == ()
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.trace.export", None)
    with pytest.raises(SettingsError, match=r"patchline\[otel\]"):
        tracing.start_tracing(TelemetrySettings(otlp_endpoint="http://127.0.0.1:4318"), "test")


def _trace(span: ReadableSpan) -> str:
    assert span.context is not None
    return f"{span.context.trace_id:032x}"


def test_spans_of_several_records_lie_each_in_its_own_trace_and_none_is_current(
    exported: InMemorySpanExporter,
) -> None:
    with tracing.spans("both", of=[CAMERA, (), CAMERA, ()]):
        assert tracing.current_ids() == {}
    told = exported.get_finished_spans()
    assert [span.name for span in told] == ["both"] * 4
    assert [_trace(span) == TRACE for span in told] == [True, False, True, False]
    assert [span.parent is None for span in told] == [False, True, False, True]
