"""An object store that takes nothing costs a sink no report: the line waits, and the others do not."""

import pytest

from service.settings import DeadlineSettings
from service.sinks.letters import Choice, SinkLetters
from service.store import open_store
from tests.harness.store_trouble import Trouble
from tests.sink.factory import Factory
from tests.sinks.reports import verdict


@pytest.fixture
async def factory(monkeypatch: pytest.MonkeyPatch, trouble: Trouble) -> Factory:
    """Its counterpart refuses the part ``bad``, and its store is the one in trouble."""
    monkeypatch.setattr("workers.sink.lanes.LONGEST_PAUSE", 0.3)
    made = Factory(monkeypatch, DeadlineSettings())
    made.store = open_store(trouble.settings)
    made.hand.refused.add("bad")
    await made.open()
    return made


async def test_a_report_is_kept_once_the_store_is_back_and_until_then_its_line_alone_waits(
    factory: Factory, trouble: Trouble
) -> None:
    async with factory.telling():
        trouble.begin()
        await factory.say(verdict(0, part_id="bad"))
        await factory.say(verdict(1, part_id="fine"))
        await factory.say(verdict(2, "line2"))
        await factory.told(1)
        await factory.until(lambda: factory.complaint() is not None, 60)
        assert trouble.said in str(factory.complaint())
        assert [report.line for report in factory.hand.told] == ["line2"]
        assert (await factory.committed())[0] in (None, 0)
        trouble.end()
        await factory.until(lambda: len(factory.hand.told) == 2, 60)
        await factory.until(lambda: factory.complaint() is None)
    (letter,) = [each async for each in SinkLetters(factory.store).chosen(Choice(), [])]
    assert (letter.report.part_id, letter.reason) == ("bad", "it will not have it")
    assert (await factory.committed())[0] == 3


async def test_a_sink_that_ends_before_the_store_is_back_refuses_the_report_again_and_keeps_it(
    factory: Factory, trouble: Trouble
) -> None:
    async with factory.telling():
        trouble.begin()
        await factory.say(verdict(0, part_id="bad"))
        await factory.until(lambda: factory.complaint() is not None, 60)
    trouble.end()
    letters = SinkLetters(factory.store)
    async with factory.telling():
        await factory.say(verdict(1, part_id="fine"))
        await factory.until(lambda: len(factory.hand.told) == 1, 60)
    assert [each.report.part_id async for each in letters.chosen(Choice(), [])] == ["bad"]
