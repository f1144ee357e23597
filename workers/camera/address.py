"""Where a camera's pictures come from: one address, checked, and told without its secrets."""

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit, urlunsplit

STREAMS = ("rtsp", "rtsps", "http", "https")


class SourceKind(StrEnum):
    """What there is at the address."""

    STREAM = "stream"
    VIDEO = "video"
    USB = "usb"
    FOLDER = "folder"


@dataclass(frozen=True, slots=True)
class SourceAddress:
    """``told`` is the address as anybody may see it; ``target`` what is opened, with user and password."""

    kind: SourceKind
    told: str
    target: str = field(repr=False)


def source_address(text: str, user: str | None = None, password: str | None = None) -> SourceAddress:
    """The address in the text: an ``rtsp``, ``rtsps``, ``http`` or ``https`` URL, ``usb:0``, a ``file:`` URL,
    or the path of a video or of a folder. Raises ``ValueError`` for anything else, and for a URL with a
    password in it. Looks at the file system."""
    parts = urlsplit(text)
    if parts.scheme in STREAMS:
        return _stream(text, user, password)
    if parts.scheme == "usb":
        if not parts.path.isdecimal():
            raise ValueError(f"{text!r} names no USB camera: write its number, as usb:0")
        return SourceAddress(SourceKind.USB, text, parts.path)
    path = Path(unquote(parts.path)) if parts.scheme == "file" else Path(text)
    if text and path.is_dir():
        return SourceAddress(SourceKind.FOLDER, str(path), str(path))
    if path.is_file():
        return SourceAddress(SourceKind.VIDEO, str(path), str(path))
    raise ValueError(
        f"{without_secrets(text)} is no folder and no video: name one, or write rtsp://, http:// or usb:0"
    )


def without_secrets(url: str) -> str:
    """The address without user, password, query and fragment, where secrets use to stand."""
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


def _stream(text: str, user: str | None, password: str | None) -> SourceAddress:
    parts, told = urlsplit(text), without_secrets(text)
    if parts.password is not None:
        raise ValueError(f"{told} was given with a password: write it into a file, and give --password-file")
    if not parts.hostname:
        raise ValueError(f"{told} names no host: write it as rtsp://camera.local/stream")
    user = user or (unquote(parts.username) if parts.username else None)
    if user is None:
        return SourceAddress(SourceKind.STREAM, told, text)
    secret = "" if password is None else f":{quote(password, safe='')}"
    host = parts.netloc.rpartition("@")[2]
    target = urlunsplit(parts._replace(netloc=f"{quote(user, safe='')}{secret}@{host}"))
    return SourceAddress(SourceKind.STREAM, told, target)
