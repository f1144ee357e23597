"""Categories as MVTec AD lays them out: train/good, test/good, test/DEFECT, and masks in ground_truth."""

from dataclasses import dataclass
from pathlib import Path

from service.evaluation.refusal import EvaluationRefused
from service.images.decode import inspect
from service.images.header import ImageHeader
from service.images.probe import is_complete
from service.images.unreadable import UnreadableImage
from service.training.folder import EXTENSIONS, read_parts
from service.training.gathering import FEWEST
from service.training.part import LIMITS, GoodPart
from service.training.part_ids import part_id_of
from service.training.refusal import Note, TrainingRefused, unheard

GOOD = "good"


@dataclass(frozen=True, slots=True)
class Specimen:
    """A test picture of ``width`` x ``height`` pixels whose truth is known; ``mask`` marks its defect."""

    path: Path
    defect: bool
    width: int
    height: int
    mask: Path | None = None


@dataclass(frozen=True, slots=True)
class Category:
    """One product: where its good parts lie, and its test pictures, good ones first."""

    name: str
    train: Path
    specimens: tuple[Specimen, ...]

    @property
    def has_masks(self) -> bool:
        """Whether pixels can be measured: every defect has a mask, or none has."""
        return any(specimen.mask for specimen in self.specimens)

    def parts(self, note: Note = unheard) -> list[GoodPart]:
        """The good parts, each picture once. Blocks: reads and decodes all. Raises ``EvaluationRefused``."""
        try:
            return read_parts(self.train, note)
        except TrainingRefused as refused:
            raise EvaluationRefused(f"category {self.name}: {refused}") from refused


def as_part(specimen: Specimen) -> GoodPart:
    """A test picture as something to teach. Blocks: decodes it. Raises ``EvaluationRefused``."""
    try:
        name = f"{specimen.path.parent.name}-{specimen.path.name}"
        return GoodPart.of(name, specimen.path.read_bytes(), part_id_of(specimen.path.name))
    except TrainingRefused as refused:
        raise EvaluationRefused(str(refused)) from refused


def find_categories(root: Path) -> list[Category]:
    """``root`` itself where it has a train or test folder, else each of its folders that has one, by name.

    All are checked before any is measured: enough good parts, some test pictures, readable headers, masks
    that fit. Raises ``EvaluationRefused``. Blocks: reads every test picture and mask, decodes none.
    """
    if not root.is_dir():
        raise EvaluationRefused(f"{root} is no folder: name one with train/good and test in it")
    folders = [root] if _is_category(root) else sorted(filter(_is_category, root.iterdir()))
    if not folders:
        raise EvaluationRefused(f"{root} has no category: lay one out as train/good, test/good, test/DEFECT")
    return [_category(folder) for folder in folders]


def _is_category(folder: Path) -> bool:
    return (folder / "train").is_dir() or (folder / "test").is_dir()


def _category(folder: Path) -> Category:
    name, train = folder.resolve().name, folder / "train" / GOOD
    found = len(_images(train))
    if found < FEWEST:
        raise EvaluationRefused(
            f"category {name} has {found} good training parts in {train}: give at least {FEWEST}, better 50"
        )
    specimens = _specimens(folder)
    if not specimens:
        raise EvaluationRefused(
            f"category {name} has no test pictures: put some into {folder / 'test'}/good and test/DEFECT"
        )
    _refuse_missing_masks(specimens)
    return Category(name, train, specimens)


def _specimens(folder: Path) -> tuple[Specimen, ...]:
    test = folder / "test"
    kinds = sorted(path.name for path in test.iterdir() if path.is_dir()) if test.is_dir() else []
    good = [_specimen(path, defect=False) for path in _images(test / GOOD)]
    defects = [
        _specimen(path, defect=True, mask=folder / "ground_truth" / kind / f"{path.stem}_mask.png")
        for kind in kinds
        if kind != GOOD
        for path in _images(test / kind)
    ]
    return (*good, *defects)


def _specimen(path: Path, *, defect: bool, mask: Path | None = None) -> Specimen:
    seen = _header(path)
    if mask is None or not mask.is_file():
        return Specimen(path, defect, seen.width, seen.height)
    drawn = _header(mask)
    if (drawn.width, drawn.height) != (seen.width, seen.height):
        raise EvaluationRefused(
            f"mask {mask} has {drawn.width} x {drawn.height} pixels and its picture {path.name} "
            f"{seen.width} x {seen.height}: draw it at the picture's size"
        )
    return Specimen(path, defect, seen.width, seen.height, mask)


def _refuse_missing_masks(specimens: tuple[Specimen, ...]) -> None:
    defects = [specimen for specimen in specimens if specimen.defect]
    missing = [specimen.path for specimen in defects if specimen.mask is None]
    if missing and len(missing) < len(defects):
        wanted = Path("ground_truth") / missing[0].parent.name / f"{missing[0].stem}_mask.png"
        raise EvaluationRefused(
            f"{missing[0]} has no mask where other defects have one: draw {wanted}, or remove all masks"
        )


def _header(path: Path) -> ImageHeader:
    data = path.read_bytes()
    try:
        header = inspect(data, LIMITS)
    except UnreadableImage as error:
        raise unreadable(path, error) from error
    if not is_complete(data):
        raise unreadable(path, "The picture ends too soon.")
    return header


def unreadable(path: object, reason: object) -> EvaluationRefused:
    """The refusal of a file that is no picture, or none that can be judged."""
    return EvaluationRefused(
        f"{path} is no readable picture ({str(reason).rstrip('.')}): remove it or save it again"
    )


def _images(folder: Path) -> list[Path]:
    """By name. macOS leaves ._photo.jpg beside photo.jpg, which is none."""
    files = sorted(folder.iterdir()) if folder.is_dir() else []
    return [path for path in files if path.suffix.lower() in EXTENSIONS and not path.name.startswith(".")]
