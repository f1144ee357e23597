"""``patchline run camera``: pictures of a stream, a video, a USB camera or a folder become frames."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from workers.cli.log_format import Format
from workers.cli.options import line_id

if TYPE_CHECKING:
    from workers.camera.address import SourceAddress

EXAMPLE = (
    "Example: patchline run camera --line line1 --source rtsp://cam.local/main --user a --password-file pw"
)

_Source = "rtsp://, http:// or https:// URL, usb:0, a video file or a folder"


def camera(
    line_argument: Annotated[str | None, typer.Argument(metavar="[LINE]", help="The line's id.")] = None,
    source_argument: Annotated[str | None, typer.Argument(metavar="[SOURCE]", help=f"{_Source}.")] = None,
    line: Annotated[str | None, typer.Option("--line", metavar="LINE", help="The line's id.")] = None,
    source: Annotated[str | None, typer.Option("--source", metavar="URL", help=f"{_Source}.")] = None,
    name: Annotated[
        str | None, typer.Option(metavar="NAME", help="The camera's name, sent with each frame.")
    ] = None,
    user: Annotated[str | None, typer.Option(metavar="NAME", help="The user of a stream.")] = None,
    password_file: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A file with the user's password.")
    ] = None,
    rate: Annotated[
        float, typer.Option(metavar="N", min=0.001, max=1000, help="Pictures a second, without a trigger.")
    ] = 1.0,
    trigger: Annotated[
        str | None,
        typer.Option(
            metavar="WHAT", help="Take a picture when told: http:8091, file:PATH or mqtt://HOST:PORT/TOPIC."
        ),
    ] = None,
    trigger_user: Annotated[str | None, typer.Option(metavar="NAME", help="The user of MQTT.")] = None,
    trigger_password_file: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A file with MQTT's password.")
    ] = None,
    quality: Annotated[int, typer.Option(metavar="N", min=1, max=100, help="Of JPEG.")] = 95,
    lossless: Annotated[
        bool, typer.Option("--lossless", metavar="", help="PNG instead of JPEG: larger, without loss.")
    ] = False,
    roi: Annotated[
        str | None, typer.Option(metavar="X,Y,W,H", help="Send this rectangle alone, in pixels.")
    ] = None,
    timeout: Annotated[
        float, typer.Option(metavar="SECONDS", min=0.5, help="Without a picture for so long it is a fault.")
    ] = 10.0,
    every: Annotated[
        float, typer.Option(metavar="SECONDS", min=0.05, help="How often a folder is looked at, at least.")
    ] = 0.5,
    skip_present: Annotated[
        bool, typer.Option("--skip-present", metavar="", help="Of a folder, what appears from now on.")
    ] = False,
    log_format: Format = None,
) -> None:
    """Send a camera's pictures: of a stream, a video, a USB camera, or a folder that a program fills.

    A stream that fails is opened again, and told of. While the broker is away pictures wait on disk.
    Nothing in a folder is changed; pictures that lie there already are sent first.
    """
    from workers.camera.address import SourceKind, source_address
    from workers.cli.run import program_settings

    chosen = line_id(_one(line, line_argument, "--line"))
    address = source_address(_one(source, source_argument, "--source"), user, _secret(password_file))
    settings = program_settings("camera", log_format)
    if address.kind is SourceKind.FOLDER:
        from workers.camera.program import FolderCamera, run_camera

        watched = FolderCamera(
            chosen, Path(address.target), name or "folder", seconds=every, skip_present=skip_present
        )
        raise typer.Exit(asyncio.run(run_camera(settings, watched)))
    _require(address)
    from workers.camera.encoding import Encoding
    from workers.camera.live import LiveCamera, run_live

    live = LiveCamera(
        chosen,
        address,
        name or address.kind.value,
        rate=rate,
        trigger=trigger,
        trigger_user=trigger_user,
        trigger_password=_secret(trigger_password_file),
        encoding=Encoding(None if lossless else quality, _region(roi)),
        seconds=timeout,
    )
    raise typer.Exit(asyncio.run(run_live(settings, live)))


def _one(option: str | None, argument: str | None, flag: str) -> str:
    if (option is None) == (argument is None):
        raise typer.BadParameter(f"name one: give {flag} once")
    return option or argument or ""


def _secret(path: Path | None) -> str | None:
    if path is None:
        return None
    try:
        return path.read_text().strip()
    except (OSError, ValueError) as error:
        raise typer.BadParameter(f"{path} cannot be read: name a readable text file") from error


def _region(text: str | None) -> tuple[int, int, int, int] | None:
    if text is None:
        return None
    try:
        x, y, width, height = (int(number) for number in text.split(","))
    except ValueError as error:
        raise typer.BadParameter(f"--roi {text!r} is no rectangle: write it as 100,50,640,480") from error
    return x, y, width, height


def _require(address: "SourceAddress") -> None:
    """PyAV reads streams and videos; OpenCV, which is always there, reads USB."""
    from importlib.util import find_spec

    from service.settings import SettingsError
    from workers.camera.address import SourceKind

    if address.kind is not SourceKind.USB and find_spec("av") is None:
        raise SettingsError("streams and videos need PyAV: install `patchline[camera]`")
