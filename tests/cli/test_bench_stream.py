"""``patchline bench stream``: its keys, and that the stages that it tells of are the metrics'."""

import pytest

from service.telemetry.stages import Stage
from tests.cli.conftest import Command


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_the_stream_is_measured_beside_the_bare_loop(patchline: Command) -> None:
    wanted = ("--recipe", "fast", "--frames", 64, "--seconds", 3, "--browsers", 3)
    told = patchline("bench", "stream", *wanted, "--json").json
    assert {
        "frames_per_second",
        "bare_frames_per_second",
        "efficiency",
        "p50_ms",
        "p99_ms",
        "p99_at_70_percent_ms",
        "batch_ms",
        "max_wait_ms",
    } <= set(told)
    assert set(told["stage_ms_a_frame"]) == {stage.value for stage in Stage}
    assert told["efficiency"] == pytest.approx(
        told["frames_per_second"] / told["bare_frames_per_second"], rel=0.02
    )
    assert 0 < told["p50_ms"] <= told["p99_ms"]
    assert told["share_of_unwatched"] == pytest.approx(
        told["frames_per_second_watched"] / told["frames_per_second_unwatched"], rel=0.05
    )


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_the_stream_alone_is_measured_beside_a_bare_consumer(patchline: Command) -> None:
    told = patchline("bench", "stream", "--engine", "none", "--frames", 200, "--json").json
    assert (told["engine"], told["frames"]) == ("none", 200)
    assert 90_000 < told["frame_bytes"] < 110_000
    assert told["frames_per_second"] > 0
    assert told["share_of_bare_consume"] == pytest.approx(
        told["frames_per_second"] / told["bare_consume_frames_per_second"], rel=0.02
    )


def test_browsers_without_an_engine_are_refused_in_one_sentence(patchline: Command) -> None:
    ended = patchline("bench", "stream", "--engine", "none", "--browsers", 3)
    assert ended.code == 2
    assert "leave out --engine none or --browsers" in ended.sentence
