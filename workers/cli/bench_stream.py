"""``patchline bench stream``: what is left of the bare loop's rate between two topics."""

import asyncio
from typing import Annotated, Any, Literal

import typer

from workers.cli.options import AsJson

EPILOG = "Example: patchline bench stream --json"


def stream(
    recipe: Annotated[str, typer.Option(metavar="NAME", help="A named recipe.")] = "balanced",
    frames: Annotated[int, typer.Option(min=50, help="Frames that wait at saturation.")] = 400,
    seconds: Annotated[float, typer.Option(min=2, help="How long frames come at 70 % of that.")] = 20.0,
    engine: Annotated[
        Literal["none"] | None,
        typer.Option(help="none: no frame is looked at; the stream alone, beside a bare consumer."),
    ] = None,
    browsers: Annotated[
        int, typer.Option(min=0, max=1000, help="Also with a page and so many on its live stream.")
    ] = 0,
    as_json: AsJson = False,
) -> None:
    """Real solar cells on 4 lines, from the broker to their acknowledged verdicts, frames and heatmaps stored
    as by default; beside it the same frames from memory, before and after, in batches of 8.

    With `--engine none` each frame of 100 kB is read, stored and told of as a fault, and none is looked at;
    beside it aiokafka's consumer reads the same frames and does nothing.

    The broker is PATCHLINE_KAFKA__BOOTSTRAP's, on topics with a prefix of their own, or else an embedded one.
    """
    from workers.cli.screen import answers, print_json

    if engine is not None and browsers:
        raise typer.BadParameter("browsers watch an engine at work: leave out --engine none or --browsers")
    figures = asyncio.run(_run(recipe, frames, seconds, engine, browsers))
    if as_json:
        print_json(figures)
        return
    if engine is not None:
        answers().print(
            f"{figures['frames_per_second']} frames/s without an engine beside "
            f"{figures['bare_consume_frames_per_second']} of a bare consumer "
            f"({figures['share_of_bare_consume']:.0%})"
        )
        return
    answers().print(
        f"{figures['frames_per_second']} frames/s beside {figures['bare_frames_per_second']} bare "
        f"({figures['efficiency']:.0%}); at 70 % of that p99 {figures['p99_at_70_percent_ms']} ms"
    )
    if browsers:
        answers().print(
            f"With {browsers} browsers on the page {figures['share_of_unwatched']:.1%} of the rate without"
        )


async def _run(recipe: str, frames: int, seconds: float, engine: str | None, browsers: int) -> dict[str, Any]:
    import os

    from service.patchcore.recipes import recipe_named
    from workers.cli.bench_installation import bench_installation
    from workers.cli.installation import command_settings
    from workers.cli.stream_alone import StreamAlone
    from workers.cli.streaming import Streaming

    named = recipe_named(recipe)
    # Its own installation: no setting of this machine but the engine's, and the broker that is named.
    settings = command_settings()
    bootstrap = settings.kafka.bootstrap if "PATCHLINE_KAFKA__BOOTSTRAP" in os.environ else None
    async with bench_installation("Streaming", bootstrap) as (installation, broker):
        if engine is None:
            streaming = Streaming(installation, settings.engine, named)
            return await streaming.run(broker, frames, seconds, browsers)
        return await StreamAlone(installation, settings.engine).run(broker, frames)
