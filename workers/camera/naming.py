"""From a file's name to a frame id."""

from pathlib import Path

from schemas.ids import is_frame_id, sha256_hex

_MOST = 128


def frame_id_of(path: Path, round_number: int = 1) -> str:
    """The file's name where it is a frame id; else ``file-`` and the start of its sha256: ids are never
    mended, for two names mended alike would be one frame. Later rounds over a folder add ``:2`` and so on.
    The same name gives the same id, on every machine."""
    suffix = "" if round_number == 1 else f":{round_number}"
    if keeps_name(path) and len(path.name) + len(suffix) <= _MOST:
        return path.name + suffix
    return f"file-{sha256_hex(path.name.encode('utf-8', 'surrogateescape'))[:16]}{suffix}"


def keeps_name(path: Path) -> bool:
    """Whether the frame carries the file's own name."""
    return is_frame_id(path.name)
