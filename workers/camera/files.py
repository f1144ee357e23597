"""Which files of a folder are pictures to send, by name alone: sending does not judge what it sends."""

from pathlib import Path

# Also .part and .tmp files lie in such folders while they are written: only what is called a picture is sent.
EXTENSIONS = frozenset([".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff", ".webp"])


def pictures_in(folder: Path) -> list[Path]:
    """The picture files of a folder (not of folders within it), by name. Raises ``ValueError`` when it is no
    folder or may not be read. Blocks for the listing."""
    try:
        return sorted(path for path in folder.iterdir() if _is_picture(path))
    except NotADirectoryError as error:
        raise ValueError(f"{folder} is no folder: name one with pictures") from error
    except FileNotFoundError as error:
        raise ValueError(f"{folder} does not exist: name a folder with pictures") from error
    except OSError as error:
        raise ValueError(f"{folder} cannot be read ({error.strerror}): check its permissions") from error


def _is_picture(path: Path) -> bool:
    return path.suffix.lower() in EXTENSIONS and not path.name.startswith(".") and path.is_file()
