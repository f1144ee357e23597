"""``patchline init``: a settings file to begin with."""

from pathlib import Path
from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(epilog="Example: patchline init && patchline --settings patchline.env doctor")(init)


def init(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Where to.")] = Path("patchline.env"),
    force: Annotated[
        bool, typer.Option("--force", metavar="", help="Write over a file that is there.")
    ] = False,
) -> None:
    """Write a file with every setting in it, each with its default and what it does, commented out.

    An installation is then one file: `patchline --settings FILE run all`.
    """
    from service.store.whole_file import whole_file
    from workers.cli.failures import Refused
    from workers.cli.screen import answers
    from workers.cli.settings_file import settings_text

    if file.exists() and not force:
        raise Refused(f"{file} is there already: name another file, or write over it with --force")
    try:
        with whole_file(file) as out:
            out.write(settings_text().encode())
    except OSError as error:
        raise Refused(f"{file} cannot be written ({error.strerror}): name a folder that exists") from error
    answers().print(f"{file} has every setting, commented out. Next: patchline --settings {file} doctor")
