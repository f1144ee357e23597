"""``patchline topics``: the installation's topics, created and checked."""

import asyncio
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

import typer

from workers.cli.failures import FAILED
from workers.cli.options import AsJson

if TYPE_CHECKING:
    from service.settings import Settings
    from service.stream.topic_differences import Difference

    # What makes programs refuse to start, and what is merely kept otherwise than the settings say.
    Found = tuple[Sequence[str], Sequence[Difference]]


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
    created, (complaints, differences) = asyncio.run(_create(settings))
    _tell(settings, created, complaints, differences, as_json=as_json)


def check(as_json: AsJson = False) -> None:
    """Check that every topic is there and kept as it must be, and as the settings say.

    Tells what differs (partitions, retention, compaction, message size, replication, replicas in sync) and
    how to mend it; exits with 1 when something does.
    """
    from workers.cli.installation import command_settings

    settings = command_settings()
    complaints, differences = asyncio.run(_check(settings))
    _tell(settings, [], complaints, differences, as_json=as_json)
    if differences:
        raise typer.Exit(FAILED)


async def _create(settings: "Settings") -> "tuple[list[str], Found]":
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
            return missing, (await broker.check_topics(specs), await broker.topic_differences(specs))


async def _check(settings: "Settings") -> "Found":
    from service.runtime.start import topic_specs
    from workers.cli.installation import connected
    from workers.cli.progress import spinner

    async with connected(settings) as broker:
        with spinner(f"Asking the broker {settings.kafka.bootstrap}"):
            specs = topic_specs(settings.kafka.topic_prefix)
            return await broker.check_topics(specs), await broker.topic_differences(specs)


def _tell(
    settings: "Settings",
    created: list[str],
    complaints: Sequence[str],
    differences: "Sequence[Difference]",
    *,
    as_json: bool,
) -> None:
    from service.runtime.start import topic_specs
    from workers.cli.screen import answers, complain, print_json
    from workers.cli.words import many

    names = list(topic_specs(settings.kafka.topic_prefix))
    if as_json:
        found = [asdict(each) for each in differences]
        told = {"topics": names, "created": created, "complaints": list(complaints), "differences": found}
        print_json(told)
    else:
        for name in created:
            answers().print(f"{name} created")
        for sentence in complaints:
            complain(sentence)
        for each in differences:
            answers().print(each.sentence, markup=False, soft_wrap=True)
        if not complaints and not differences:
            answers().print(f"{many(len(names), 'topic')} as they must be on {settings.kafka.bootstrap}")
    if complaints:
        raise typer.Exit(FAILED)
