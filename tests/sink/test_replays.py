"""Laws of a sink's letters: told again in their line's order, or letters again; none is lost on the way."""

from collections.abc import Callable
from typing import Any

import pytest

from service.settings import DeadlineSettings
from service.sinks.letters import Choice, SinkLetter, SinkLetters
from service.store import StoreUnreachable
from tests.sink.factory import Factory
from tests.sinks.reports import verdict

Make = Callable[..., Any]


@pytest.fixture
def make(monkeypatch: pytest.MonkeyPatch) -> Make:
    async def made(**config: Any) -> Factory:
        factory = Factory(monkeypatch, DeadlineSettings(), **config)
        await factory.open()
        return factory

    monkeypatch.setattr("workers.sink.lanes.LONGEST_PAUSE", 0.2)
    monkeypatch.setattr("workers.sink.replays.LOOK_SECONDS", 0.05)
    return made


async def letters(factory: Factory) -> list[SinkLetter]:
    return [letter async for letter in SinkLetters(factory.store).chosen(Choice(), [])]


async def replays(factory: Factory) -> list[str]:
    return [each.key async for each in factory.store.list("sink-replays")]


async def refused(factory: Factory, part: str = "bad") -> SinkLetter:
    """A report that the counterpart refused, set aside."""
    factory.hand.refused.add(part)
    async with factory.telling():
        await factory.say(verdict(0, part_id=part))
        await factory.until(lambda: factory.hand.tries >= 1)
        await factory.eventually(lambda: letters(factory))
    (letter,) = await letters(factory)
    return letter


async def test_a_letter_that_is_replayed_is_told_once_with_its_own_report_id(make: Make) -> None:
    factory = await make()
    letter = await refused(factory)
    factory.hand.refused.clear()
    await SinkLetters(factory.store).replay(letter)
    async with factory.telling():
        (told,) = await factory.told(1)
        await factory.say(verdict(1))
        await factory.told(2)
    assert told == letter.report
    assert (await letters(factory), await replays(factory)) == ([], [])
    async with factory.telling():
        await factory.say(verdict(2))
        await factory.told(3)
    assert [report.frame_id for report in factory.hand.told] == ["frame-0", "frame-1", "frame-2"]


async def test_what_is_refused_again_is_a_letter_again(make: Make) -> None:
    factory = await make()
    letter = await refused(factory)
    await SinkLetters(factory.store).replay(letter)
    async with factory.telling():
        await factory.eventually(lambda: letters(factory))
    assert [(again.id, again.reason) for again in await letters(factory)] == [(letter.id, letter.reason)]
    assert await replays(factory) == []


async def test_a_replay_that_is_not_accepted_before_a_restart_is_told_after_it(make: Make) -> None:
    factory = await make()
    await SinkLetters(factory.store).replay(await refused(factory))
    factory.hand.refused.clear()
    factory.hand.away.add("*")
    tries = factory.hand.tries
    async with factory.telling():
        await factory.until(lambda: factory.hand.tries > tries)
    assert len(await replays(factory)) == 1
    factory.hand.away.clear()
    async with factory.telling():
        await factory.told(1)
    assert await replays(factory) == []


async def test_a_line_that_the_sink_has_no_more_is_a_letter_again_and_says_so(make: Make) -> None:
    factory = await make()
    await SinkLetters(factory.store).replay(await refused(factory))
    factory.hand.refused.clear()
    factory.config = factory.config.model_copy(update={"lines": ("line7",)})
    async with factory.telling():
        await factory.eventually(lambda: letters(factory))
    (letter,) = await letters(factory)
    assert letter.reason == "sink mes does not tell of line line1 any longer"
    assert factory.hand.told == []


async def test_a_store_that_is_away_is_asked_again(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    factory = await make()
    await SinkLetters(factory.store).replay(await refused(factory))
    factory.hand.refused.clear()
    asked, real = [0], SinkLetters.replays

    def away(self: SinkLetters, sink: str, unreadable: list[str]) -> Any:
        asked[0] += 1
        if asked[0] < 3:
            raise StoreUnreachable("the object store is away: wait")
        return real(self, sink, unreadable)

    monkeypatch.setattr(SinkLetters, "replays", away)
    async with factory.telling():
        await factory.told(1)
    assert asked[0] >= 3
