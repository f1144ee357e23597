"""A folder of photos, as a quality engineer leaves it: with Thumbs.db, doubles and a broken copy."""

from pathlib import Path

from service.images.probe import format_of
from service.images.unreadable import UnreadableImage
from service.training.gathering import gathered
from service.training.part import LIMITS, GoodPart
from service.training.part_ids import identified
from service.training.refusal import Note, TrainingRefused, unheard

EXTENSIONS = frozenset([".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff", ".webp"])
_MAGIC_BYTES = 16
_NAMED = 3


def read_parts(folder: Path, note: Note = unheard) -> list[GoodPart]:
    """The good parts in a folder (not in folders within it), by name, each picture once.

    What is an image is told by its first bytes; a file that is called an image and is none is refused, so
    that a broken copy is not passed over; other files, and those with a leading dot, are noted. Raises
    ``TrainingRefused``, as ``gathered`` does too. Blocks: reads and decodes every file.
    """
    parts = read_images(folder, note)
    try:
        return gathered(identified(parts), note)
    except TrainingRefused as refused:
        raise TrainingRefused(f"{folder}: {refused}") from refused


def read_images(folder: Path, note: Note = unheard) -> list[GoodPart]:
    """Every image in a folder by name, doubles included; any number of at least one, of any kind."""
    files = _files(folder)
    images = [path for path in files if _is_image(path)]
    _note_skipped([path.name for path in files if path not in set(images)], note)
    if not images:
        raise TrainingRefused(f"{folder} has no images: put JPEG, PNG, BMP, TIFF or WebP photos into it")
    return [GoodPart.of(path.name, _read(path)) for path in images]


def _files(folder: Path) -> list[Path]:
    if not folder.is_dir():
        raise TrainingRefused(f"{folder} is no folder: name one with photos of good parts")
    try:
        return sorted(path for path in folder.iterdir() if path.is_file())
    except OSError as error:
        raise TrainingRefused(f"{folder} cannot be read ({error.strerror}): check its permissions") from error


def _is_image(path: Path) -> bool:
    # macOS leaves ._photo.jpg beside photo.jpg, which is none.
    if path.name.startswith("."):
        return False
    return path.suffix.lower() in EXTENSIONS or _has_magic(path)


def _has_magic(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            format_of(file.read(_MAGIC_BYTES))
    except (UnreadableImage, OSError):
        return False
    return True


def _read(path: Path) -> bytes:
    try:
        if path.stat().st_size > LIMITS.max_bytes:
            raise TrainingRefused(f"{path.name} is larger than {LIMITS.max_bytes} bytes: compress or crop it")
        return path.read_bytes()
    except OSError as error:
        raise TrainingRefused(f"{path} cannot be read ({error.strerror}): check its permissions") from error


def _note_skipped(names: list[str], note: Note) -> None:
    if names:
        more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
        note(f"{', '.join(names[:_NAMED])}{more} passed over: no images")
