"""Turns are taken in the order of queueing, whoever is cancelled."""

import asyncio

from service.stream.turns import Turns


async def act(turns: Turns, place: str, name: str, acted: list[str], pause: float = 0.0) -> None:
    turn = turns.queue(place)
    async with turn:
        await asyncio.sleep(pause)
        acted.append(name)


async def test_first_to_queue_acts_first() -> None:
    turns, acted = Turns(), list[str]()
    await asyncio.gather(*(act(turns, "a", str(n), acted, 0.01 / (n + 1)) for n in range(5)))
    assert acted == ["0", "1", "2", "3", "4"]


async def test_places_do_not_wait_for_each_other() -> None:
    turns, acted = Turns(), list[str]()
    await asyncio.gather(act(turns, "a", "slow", acted, 0.05), act(turns, "b", "quick", acted))
    assert acted == ["quick", "slow"]


async def test_cancelled_in_the_queue_lets_nobody_past_those_before_it() -> None:
    turns, acted = Turns(), list[str]()
    first = asyncio.create_task(act(turns, "a", "first", acted, 0.05))
    second = asyncio.create_task(act(turns, "a", "second", acted))
    third = asyncio.create_task(act(turns, "a", "third", acted))
    await asyncio.sleep(0.01)
    second.cancel()
    await asyncio.gather(first, third)
    assert acted == ["first", "third"]
