"""Laws of a sink of alerts: as the page, nothing lost, and a restart begins no cooldown anew."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from schemas.alert import Alert
from schemas.ids import frame_uid
from schemas.line_event import LineEvent
from schemas.reasons import LineEventKind, VerdictKind
from schemas.topics import TopicKind
from service.settings import DeadlineSettings, KafkaSettings
from service.stream.base import Broker
from tests.conftest import KAFKA
from tests.schemas.test_messages import a_verdict
from tests.sink.factory import Factory
from tests.sinks.reports import MOMENT

Make = Callable[..., Any]
COOLDOWN = 900


@pytest.fixture
def make(monkeypatch: pytest.MonkeyPatch) -> Make:
    async def made(
        broker: Broker | None = None, kafka: KafkaSettings | None = None, **config: Any
    ) -> Factory:
        factory = Factory(monkeypatch, DeadlineSettings(), source="alerts", **config)
        if broker is not None:
            factory.broker = broker
            factory.settings = factory.settings.model_copy(update={"kafka": kafka})
        await factory.open()
        return factory

    monkeypatch.setattr("workers.sink.lanes.LONGEST_PAUSE", 0.2)
    return made


async def ring(
    factory: Factory,
    second: float,
    line: str = "line1",
    kind: VerdictKind = VerdictKind.DEFECT,
    partition: int = 0,
) -> None:
    """An inspector says that a part was strange, so many seconds after noon."""
    name = f"part-{second:g}"
    told = {"line": line, "frame_id": name, "frame_uid": frame_uid(line, name, "a" * 64)}
    at = MOMENT + timedelta(seconds=second)
    alert = Alert.of(a_verdict(kind).model_copy(update={**told, "inspected_at": at}))
    await _send(factory, TopicKind.ALERTS, line, alert.to_bytes(), partition)


async def snooze(factory: Factory, since: float, until: float) -> None:
    """A person snoozes line1 on the page."""
    begin, end = (MOMENT + timedelta(seconds=seconds) for seconds in (since, until))
    event = LineEvent(
        kind=LineEventKind.SNOOZED, line="line1", sentence="lunch", actor="eve", until=end, at=begin
    )
    await _send(factory, TopicKind.LINE_EVENTS, "line1", event.to_bytes())


async def _send(factory: Factory, kind: TopicKind, line: str, value: bytes, partition: int = 0) -> None:
    await factory.producer.send(factory.topic(kind), key=line.encode(), value=value, partition=partition)


async def concluded(factory: Factory, count: int, partition: int = 0) -> None:
    """Return once so many alerts were told or held, and committed."""
    async with asyncio.timeout(60):
        while (await factory.committed(TopicKind.ALERTS))[partition] != count:
            await asyncio.sleep(0.01)


def frames(factory: Factory) -> list[str | None]:
    return [report.frame_id for report in factory.hand.told]


async def test_a_line_is_told_of_once_in_a_cooldown_and_every_alert_is_committed(make: Make) -> None:
    factory = await make()
    async with factory.telling():
        for second in (0, 100, 200, COOLDOWN - 1, COOLDOWN, COOLDOWN + 1):
            await ring(factory, second)
        await ring(factory, 3, "line2")
        await concluded(factory, 7)
    assert sorted(str(name) for name in frames(factory)) == ["part-0", "part-3", f"part-{COOLDOWN}"]


async def test_a_snoozed_line_is_quiet_and_no_other(make: Make) -> None:
    factory = await make()
    await snooze(factory, 0, 60)
    async with factory.telling():
        await ring(factory, 1)
        await ring(factory, 2, "line2")
        await ring(factory, 61)
        await concluded(factory, 3)
    assert sorted(str(name) for name in frames(factory)) == ["part-2", "part-61"]


async def test_a_snooze_that_comes_while_the_sink_runs_counts(make: Make) -> None:
    factory = await make(cooldown_seconds=0)
    async with factory.telling():
        await ring(factory, 0)
        await factory.told(1)
        await snooze(factory, 1, 10**6)
        # It is heard within a poll of line-events; until then alerts are told.
        for second in range(2, 1000):
            before = len(factory.hand.told)
            await ring(factory, second)
            await concluded(factory, second)
            if len(factory.hand.told) == before:
                break
        else:
            pytest.fail("the snooze was never heard")


@pytest.mark.parametrize("backend", ["memory", KAFKA])
async def test_a_restart_begins_no_cooldown_and_no_snooze_anew(
    make: Make, broker: Broker, kafka_settings: KafkaSettings
) -> None:
    factory = await make(broker, kafka_settings)
    async with factory.telling():
        await ring(factory, 0)
        await ring(factory, 0, "line2", partition=1)
        await concluded(factory, 1)
        await concluded(factory, 1, partition=1)
        await snooze(factory, 1, 5000)
    await ring(factory, 10)
    await ring(factory, 10, "line2", partition=1)
    async with factory.telling():
        await ring(factory, 2000)
        await ring(factory, 2000, "line2", partition=1)
        await concluded(factory, 3)
        await concluded(factory, 3, partition=1)
    assert frames(factory)[2:] == ["part-2000"]
    assert factory.hand.told[2].line == "line2"


async def test_an_alert_that_was_not_accepted_before_a_restart_is_told_after_it(make: Make) -> None:
    factory = await make()
    async with factory.telling():
        factory.hand.away.add("*")
        await ring(factory, 0)
        await ring(factory, 1)
        await factory.until(lambda: factory.hand.tries >= 1)
    factory.hand.away.clear()
    async with factory.telling():
        await concluded(factory, 2)
    assert frames(factory) == ["part-0"]


async def test_a_sink_may_tell_every_alert(make: Make) -> None:
    factory = await make(cooldown_seconds=0, snooze=False)
    await snooze(factory, 0, 60)
    async with factory.telling():
        for second in (2, 1, 3):
            await ring(factory, second)
        await concluded(factory, 3)
    assert frames(factory) == ["part-2", "part-1", "part-3"]


async def test_what_a_sink_does_not_want_begins_no_cooldown_of_it(make: Make) -> None:
    factory = await make(verdicts=["defect"])
    async with factory.telling():
        await ring(factory, 0, kind=VerdictKind.REVIEW)
        await ring(factory, 1)
        await ring(factory, 2)
        await concluded(factory, 3)
    assert frames(factory) == ["part-1"]
