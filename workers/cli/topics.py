"""``patchline topics``: the installation's topics, created and checked."""

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING

import typer

from workers.cli.options import AsJson

if TYPE_CHECKING:
    from service.settings import Settings


def register(app: typer.Typer) -> None:
    """Add the group."""
    group = typer.Typer(no_args_is_help=True, help="Create the installation's topics, or check them.")
    group.command(epilog="Example: PATCHLINE_KAFKA__PARTITIONS=16 patchline topics create")(create)
    group.command(epilog="Example: patchline topics check")(check)
    app.add_typer(group, name="topics", epilog="Example: patchline topics create")


def create(as_json: AsJson = False) -> None:
    """Create the topics that are missing; those that exist are left as they are, then checked."""
    from workers.cli.installation import command_settings

    settings = command_settings()
    created, complaints = asyncio.run(_create(settings))
    _tell(settings, created, complaints, as_json=as_json)


def check(as_json: AsJson = False) -> None:
    """Check that every topic is there and kept as it must be; exits with 1 when one is not."""
    from workers.cli.installation import command_settings

    settings = command_settings()
    _tell(settings, [], asyncio.run(_check(settings)), as_json=as_json)


async def _create(settings: "Settings") -> tuple[list[str], Sequence[str]]:
    from service.runtime.start import topic_specs
    from workers.cli.installation import connected
    from workers.cli.progress import spinner

    specs = topic_specs(settings.kafka.topic_prefix)
    missing = []
    async with connected(settings) as broker:
        with spinner(f"Creating topics on {settings.kafka.bootstrap}"):
            before = await broker.check_topics(specs)
            missing = [name for name in specs if any(f"topic {name} is missing" in said for said in before)]
            kafka = settings.kafka
            await broker.create_topics(specs, partitions=kafka.partitions, replication=kafka.replication)
            return missing, await broker.check_topics(specs)


async def _check(settings: "Settings") -> Sequence[str]:
    from service.runtime.start import topic_specs
    from workers.cli.installation import connected
    from workers.cli.progress import spinner

    async with connected(settings) as broker:
        with spinner(f"Asking the broker {settings.kafka.bootstrap}"):
            return await broker.check_topics(topic_specs(settings.kafka.topic_prefix))


def _tell(settings: "Settings", created: list[str], complaints: Sequence[str], *, as_json: bool) -> None:
    from service.runtime.start import topic_specs
    from workers.cli.failures import FAILED
    from workers.cli.screen import answers, complain, print_json
    from workers.cli.words import many

    names = list(topic_specs(settings.kafka.topic_prefix))
    if as_json:
        print_json({"topics": names, "created": created, "complaints": list(complaints)})
    else:
        for name in created:
            answers().print(f"{name} created")
        for sentence in complaints:
            complain(sentence)
        if not complaints:
            answers().print(f"{many(len(names), 'topic')} as they must be on {settings.kafka.bootstrap}")
    if complaints:
        raise typer.Exit(FAILED)
