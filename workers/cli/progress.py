"""Progress bars on standard error; on anything but a terminal they stay silent."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Protocol

from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from workers.cli.screen import beside


class Tell(Protocol):
    """Told of the step, how much of it is done, and of how much; ``title`` is what people read then."""

    def __call__(self, step: str, done: int, expected: int, title: str = "") -> None: ...


@contextmanager
def progress_bars(titles: Mapping[str, str]) -> Iterator[Tell]:
    """A bar for each step, which appears when its step is first told of; all vanish at the end. ``titles``
    are what people read for a step; a step without one is shown by its own name."""
    screen = beside()
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=screen, transient=True, disable=not screen.is_terminal) as progress:
        bars: dict[str, int] = {}

        def tell(step: str, done: int, expected: int, title: str = "") -> None:
            if step not in bars:
                bars[step] = progress.add_task(titles.get(step, step), total=expected)
            bar = progress.task_ids[bars[step]]
            progress.update(bar, completed=done, total=expected, description=title or None)

        yield tell


@contextmanager
def spinner(sentence: str) -> Iterator[None]:
    """Say what is waited for while the block runs."""
    screen = beside()
    if not screen.is_terminal:
        yield
        return
    with screen.status(sentence):
        yield
