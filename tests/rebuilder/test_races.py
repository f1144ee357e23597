"""Other writers of a line's epochs, other lines, and the end of the program."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from schemas.command import AnyCommand
from schemas.reasons import LineEventKind
from service.banks.manifest import Precision
from service.store import StoreUnreachable
from service.training.publish import open_outlets, publish_bank
from tests.rebuilder.plant import PREFIX, InProcess, Plant, approve
from tests.training.parts import good_parts
from workers.rebuilder.extraction import Answer

Before = Callable[[int], Awaitable[None]]


class Meddled(InProcess):
    """Lets something happen before each extraction."""

    def __init__(self, before: Before) -> None:
        super().__init__()
        self._before, self._calls = before, 0

    async def extract(
        self, images: Sequence[bytes], recipe: bytes, contract: bytes, precision: Precision, timeout: float
    ) -> list[Answer]:
        self._calls += 1
        await self._before(self._calls)
        return await super().extract(images, recipe, contract, precision, timeout)


def meddle(plant: Plant, before: Before) -> None:
    async def start() -> InProcess:
        return Meddled(before)

    plant.start_worker = start  # type: ignore[method-assign]


async def test_a_lost_race_is_rebased_on_the_winner(plant: Plant) -> None:
    await plant.set_up()

    async def another_writer(call: int) -> None:
        if call == 1:
            await plant.train(count=9)

    meddle(plant, another_writer)
    command = approve(await plant.frame(20))
    await plant.send(command)
    async with plant.rebuilder():
        event = (await plant.results(1))[command.command_id]
    history = await plant.history()
    assert (event.kind, event.epoch, len(history)) == (LineEventKind.COMMAND_DONE, 3, 3)
    names = [part.name for part in (await plant.bank(history[-1])).manifest.parts]
    assert names == [part.name for part in good_parts(9)] + ["frame-20"]


async def test_a_part_that_the_winner_taught_is_not_taught_twice(plant: Plant) -> None:
    await plant.set_up()

    async def another_writer(call: int) -> None:
        await plant.train(count=9)

    meddle(plant, another_writer)
    command = approve(await plant.frame(8))
    await plant.send(command)
    async with plant.rebuilder():
        event = (await plant.results(1))[command.command_id]
    assert event.kind is LineEventKind.COMMAND_REFUSED
    assert "frame-8 is in the bank already" in event.sentence


async def test_a_long_build_of_one_line_delays_no_other_line(plant: Plant) -> None:
    await plant.set_up("line1", "line2")
    go_on = asyncio.Event()

    slow, quick = approve(await plant.frame(20)), approve(await plant.frame(20, "line2"), line="line2")
    get = plant.store.get

    async def slow_get(key: str, *, max_bytes: int | None = None) -> bytes:
        if key.startswith("frames/line1"):
            await go_on.wait()
        return await get(key, max_bytes=max_bytes)

    plant.store.get = slow_get  # type: ignore[method-assign]
    await plant.send(slow, quick)
    async with plant.rebuilder():
        assert set(await plant.results(1)) == {quick.command_id}
        await asyncio.sleep(0.3)
        assert await plant.committed(0) == 0
        go_on.set()
        assert len(await plant.results(2)) == 2
        assert await plant.committed(2) == 2


async def test_a_stop_leaves_what_is_queued_to_the_next_run(plant: Plant) -> None:
    await plant.set_up()
    commands: list[AnyCommand] = [approve(await plant.frame(seed)) for seed in (20, 21)]

    async def stop_soon(call: int) -> None:
        await plant.send(commands[1])
        await asyncio.sleep(0.3)

    meddle(plant, stop_soon)
    await plant.send(commands[0])
    async with plant.rebuilder():
        await asyncio.sleep(0.1)
    assert len(await plant.results(1)) == 1
    assert await plant.committed(1) == 1
    meddle(plant, nothing)
    async with plant.rebuilder():
        assert len(await plant.results(2)) == 2


async def nothing(call: int) -> None:
    """Nothing happens."""


async def test_an_outage_of_the_store_is_waited_for(plant: Plant) -> None:
    await plant.set_up()
    command = approve(await plant.frame(20))
    get, calls = plant.store.get, iter(range(1000))

    async def failing(key: str, *, max_bytes: int | None = None) -> bytes:
        if key.startswith("frames/") and next(calls) < 2:
            raise StoreUnreachable("the object store does not answer: check it")
        return await get(key, max_bytes=max_bytes)

    plant.store.get = failing  # type: ignore[method-assign]
    await plant.send(command)
    async with plant.rebuilder():
        assert (await plant.results(1))[command.command_id].kind is LineEventKind.COMMAND_DONE


async def test_the_next_approval_after_another_tools_activation_starts_from_it(plant: Plant) -> None:
    await plant.set_up()
    async with plant.rebuilder():
        await plant.send(approve(await plant.frame(20)))
        await plant.results(1)
        first = (await plant.history())[0]
        bank = await plant.bank(first)
        async with open_outlets(plant.broker, plant.store, plant.cache, PREFIX) as outlets:
            built = await plant.train(count=10)
            await publish_bank(outlets, built, {}, actor="cli")
        await plant.send(approve(await plant.frame(21)))
        await plant.results(2)
    last = await plant.bank((await plant.history())[-1])
    assert len(bank.manifest.parts) == 8
    assert len(last.manifest.parts) == 11


async def test_a_bank_that_comes_into_force_is_ready_to_learn_before_anybody_asks(plant: Plant) -> None:
    await plant.set_up()
    async for listed in plant.store.list("features"):
        await plant.store.delete(listed.key)
    async with plant.rebuilder():
        for _ in range(500):
            if plant.workers and plant.workers[0].extracted == 8:
                break
            await asyncio.sleep(0.02)
    assert plant.workers[0].extracted == 8
    assert await plant.events() == []
