"""The demo's programs are supervised: what is killed comes back, and nothing is left at the end."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import psutil
import pytest

from service.embedded.server import EmbeddedError
from service.runtime.start import topic_specs
from service.settings import SupervisorSettings
from service.stream.kafka_broker import KafkaBroker
from service.stream.kafka_member import KafkaMember
from workers.demo.installation import Installation

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


@pytest.fixture
async def installation() -> AsyncIterator[Installation]:
    """Servers and topics, no program; a restart is soon."""
    made = await asyncio.to_thread(Installation.begin)
    made.settings = made.settings.model_copy(
        update={"supervisor": SupervisorSettings(restarts=1, pause_seconds=0.1)}
    )
    broker = KafkaBroker(made.settings.kafka)
    await broker.create_topics(topic_specs(made.settings.kafka.topic_prefix), partitions=4, replication=1)
    await broker.close()
    yield made
    await made.stop()


async def ready(installation: Installation, starts: int) -> None:
    """The page has come up so often."""
    async with asyncio.timeout(120):
        while told(installation).count("page ready") < starts:
            installation.require_alive()
            await asyncio.sleep(0.1)


def told(installation: Installation) -> str:
    """What the page has logged."""
    log = Path(installation.folder, "web.log")
    return log.read_text() if log.exists() else ""


def page(installation: Installation) -> psutil.Process:
    """The program itself, a child of its leash."""
    return psutil.Process(installation.process("web")).children()[0]


async def test_a_killed_page_comes_back_until_its_budget_is_spent(installation: Installation) -> None:
    installation.start_programs(("web",))
    await ready(installation, 1)
    first = page(installation)
    first.kill()
    await ready(installation, 2)
    installation.require_alive()
    assert page(installation).pid != first.pid
    page(installation).kill()
    with pytest.raises(EmbeddedError, match="the web ended more than 1 times"):
        await alive_for(installation, 30)


async def test_an_inspector_has_its_partitions_within_seconds(installation: Installation) -> None:
    kafka = installation.settings.kafka
    member = await KafkaMember.start(kafka, f"{kafka.topic_prefix}frames", "inspector", None)
    async with asyncio.timeout(10):
        while len(member.assignment) < kafka.partitions:
            await member.poll(timeout_ms=100, max_records=1)
    await member.close()


async def alive_for(installation: Installation, seconds: float) -> None:
    """Raises what it died of meanwhile."""
    async with asyncio.timeout(seconds):
        while True:
            installation.require_alive()
            await asyncio.sleep(0.1)
