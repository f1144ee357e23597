"""Triggers: each is one shot with its part, in order; too many are refused, and counted."""

import asyncio
from pathlib import Path

from tests.sinks.counterparts import Amqtt
from workers.camera.trigger import Triggers, mqtt_trigger
from workers.camera.waking import changed


async def test_a_message_on_a_topic_is_a_shot_of_the_part_that_it_names() -> None:
    broker, triggers = Amqtt(), Triggers()
    await broker.start()
    url = f"mqtt://127.0.0.1:{broker.port}/cell/trigger"
    listening = asyncio.create_task(mqtt_trigger(triggers, url, None, None))
    try:
        async with asyncio.timeout(30):
            # A trigger that nobody listens to yet is nobody's: the first is repeated until it is heard.
            waiting = asyncio.create_task(triggers.next())
            while not waiting.done():
                await broker.publish("cell/trigger", "p1")
                await asyncio.wait({waiting}, timeout=0.2)
            await broker.publish("cell/trigger", " p2\n")
            shots = [waiting.result()]
            while shots[-1].part_id != "p2":
                shots.append(await triggers.next())
    finally:
        listening.cancel()
        await asyncio.wait({listening})
        await broker.leave()
    assert {shot.part_id for shot in shots} == {"p1", "p2"}
    assert [shot.at for shot in shots] == sorted(shot.at for shot in shots)


async def test_too_many_triggers_are_refused_and_counted_and_keep_their_order() -> None:
    triggers = Triggers()
    taken = [triggers.pull(f"p{number}") for number in range(70)]
    assert taken == [True] * 64 + [False] * 6
    assert triggers.refused == 6
    assert [(await triggers.next()).part_id for _ in range(64)] == [f"p{number}" for number in range(64)]


async def test_a_part_id_is_short_and_an_empty_one_is_none() -> None:
    triggers = Triggers()
    triggers.pull("x" * 500)
    triggers.pull("  ")
    assert [len((await triggers.next()).part_id or "") for _ in range(2)] == [128, 0]


async def test_a_folder_that_changes_is_looked_at_long_before_its_time(tmp_path: Path) -> None:
    waiting = asyncio.create_task(changed(tmp_path, 60, asyncio.Event()))
    async with asyncio.timeout(30):
        number = 0
        while not waiting.done():
            (tmp_path / f"{(number := number + 1)}.png").write_bytes(b"x")
            await asyncio.wait({waiting}, timeout=0.1)


async def test_a_folder_that_does_not_change_is_looked_at_in_its_time_and_a_stop_is_heard(
    tmp_path: Path,
) -> None:
    stop = asyncio.Event()
    async with asyncio.timeout(30):
        await changed(tmp_path, 0.2, stop)
        waiting = asyncio.create_task(changed(tmp_path, 60, stop))
        await asyncio.sleep(0.2)
        stop.set()
        await waiting
