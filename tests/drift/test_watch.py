"""Laws of the inspector's watch: one event an episode, anew with each activation, in no time and no room."""

import time
from datetime import UTC, datetime

from prometheus_client import REGISTRY

from schemas.line_event import LineEvent
from schemas.reasons import LineEventKind
from service.drift.monitor import DriftRules
from tests.drift.test_monitor import lognormal
from workers.extraction.protocol import Judged
from workers.inspector.drift import DriftWatch

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)
VERSION = "ab" * 32


def judged(score: float, epoch: int = 3) -> Judged:
    return Judged("default", VERSION, epoch, "ok", score, 0.5, 0.01, 2.0, 1.5, [], 64, 64)


def gauge(name: str, line: str) -> float | None:
    return REGISTRY.get_sample_value(name, {"line": line})


def told(watch: DriftWatch, scores: list[float], line: str = "line1", epoch: int = 3) -> list[LineEvent]:
    events = (watch.observe(line, judged(score, epoch), NOON) for score in scores)
    return [event for event in events if event is not None]


def test_an_episode_is_one_event_that_names_line_model_version_and_epoch() -> None:
    watch = DriftWatch(DriftRules())
    assert not told(watch, lognormal(0, 600))
    (event,) = told(watch, lognormal(1, 1_000, 2.0))
    assert (event.kind, event.line, event.epoch) == (LineEventKind.DRIFT, "line1", 3)
    assert (event.model, event.version, event.command_id) == ("default", VERSION, None)
    assert event.median_now is not None
    assert event.median_before is not None
    assert event.median_now > event.median_before
    assert "risen since epoch 3" in event.sentence
    assert LineEvent.from_bytes(event.to_bytes()) == event
    assert gauge("patchline_line_drift", "line1") == 1


def test_a_new_epoch_begins_a_new_window() -> None:
    watch = DriftWatch(DriftRules())
    told(watch, lognormal(0, 600))
    assert not told(watch, lognormal(1, 600, 3.0), epoch=4)
    assert gauge("patchline_line_drift", "line1") == 0


def test_lines_are_watched_by_themselves() -> None:
    watch = DriftWatch(DriftRules())
    told(watch, lognormal(0, 600), "calm")
    told(watch, lognormal(1, 600), "moved")
    events = told(watch, lognormal(2, 200), "calm") + told(watch, lognormal(3, 200, -2.0), "moved")
    assert [event.line for event in events] == ["moved"]
    assert "fallen" in events[0].sentence


def test_a_score_that_is_no_number_moves_nothing() -> None:
    watch = DriftWatch(DriftRules(reference=50))
    assert not told(watch, [float("nan"), float("inf")] * 100)


def test_no_more_lines_are_remembered_than_stated_and_their_gauges_go() -> None:
    watch = DriftWatch(DriftRules(), max_lines=2)
    for line in ("a", "b", "c"):
        told(watch, [1.0], line)
    assert gauge("patchline_line_drift", "a") is None
    assert gauge("patchline_line_drift", "c") == 0
    assert list(watch._lines) == ["b", "c"]


def test_a_frame_costs_less_than_a_tenth_of_a_millisecond() -> None:
    watch = DriftWatch(DriftRules())
    scores = lognormal(0, 5_000)
    began = time.process_time()
    told(watch, scores)
    assert (time.process_time() - began) / len(scores) < 1e-4
