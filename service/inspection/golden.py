"""Golden frames scored again: another library, engine or device cannot shift scores unseen."""

import hashlib

import numpy as np
from numpy.typing import NDArray

from schemas.ids import sha256_hex
from service.banks.bank_file import LoadedBank
from service.banks.golden import GoldenFrames
from service.banks.manifest import Manifest, Precision
from service.banks.refusal import BankRefused, Refusal
from service.images.decode import ImageLimits, decode
from service.images.picture import Pixels
from service.images.unreadable import UnreadableImage
from service.images.view import view
from service.inspection.extractor import PatchExtractor
from service.inspection.line_model import LineModel
from service.patchcore.held_out import fused_scores
from service.patchcore.memory_bank import MemoryBank
from service.patchcore.scoring import image_score
from service.patchcore.search import PatchIndex
from service.patchcore.side_by_side import in_pieces, side_by_side

TOLERANCES: dict[Precision, float] = {"float32": 1e-3, "bfloat16": 2e-2, "float16": 2e-2}
"""How far a score may lie off, by the coarser of the arithmetic of then and of now, as a share of the larger
of the stored score and the median of the calibration: a part of the bank itself may score next to nothing."""

_LIBRARIES = "install the libraries and use the device that it was made with"
_LIMITS = ImageLimits(max_bytes=32 * 2**20)


def golden_scores(bank: MemoryBank, features: NDArray[np.float16], index: PatchIndex) -> NDArray[np.float32]:
    """The image scores [K] of parts' features [K, H, W, D] under the bank. Blocks for the search."""
    distances = index.nearest(bank.queries(features), len(features))
    return image_score(distances.reshape(features.shape[:3]), bank.recipe.score)


def rescored(golden: GoldenFrames, bank: MemoryBank) -> GoldenFrames:
    """The same frames with their scores under another version of their bank. Blocks for a search."""
    distances = side_by_side(bank.distances, in_pieces(golden.features))
    scores = fused_scores(np.concatenate(distances, axis=1), bank.recipe)
    return GoldenFrames(golden.parts, scores, golden.features, golden.pictures)


def check_features(model: LineModel, loaded: LoadedBank) -> None:
    """Raises ``BankRefused`` when the stored features of a golden frame do not score, through the model's
    index, within 1e-3 of what they did. Any thread; blocks for the search."""
    golden = loaded.golden
    if golden is not None:
        measured = golden_scores(model.bank, golden.features, model.index)
        _compare(loaded, golden, measured, TOLERANCES["float32"], "its stored features score", _LIBRARIES)


def check_pictures(model: LineModel, loaded: LoadedBank) -> None:
    """Raises ``BankRefused`` when the picture of a golden frame does not score, through decoding, network and
    index, within the engine's tolerance of what it did. The backbone's thread; blocks for the network."""
    golden = loaded.golden
    if golden is None:
        return
    extractor, manifest = model.extractor, loaded.manifest
    views = [_view(golden, place, manifest) for place in range(len(golden.pictures))]
    features = np.concatenate([extractor.extract_views([pixels]) for pixels in views]).astype(np.float16)
    measured = golden_scores(model.bank, features, model.index)
    ours = extractor.backbone.precision
    tolerance = max(TOLERANCES[manifest.precision], TOLERANCES[ours])
    remedy = _LIBRARIES if ours == manifest.precision else f"compute in {manifest.precision} as it was made"
    _compare(loaded, golden, measured, tolerance, "its picture scores", remedy)


def check_golden(model: LineModel, loaded: LoadedBank) -> None:
    """Both checks, where one thread does all. Raises ``BankRefused``."""
    check_features(model, loaded)
    check_pictures(model, loaded)


def extraction_digest(golden: GoldenFrames, extractor: PatchExtractor) -> str:
    """Names what ``check_pictures`` tells of the network and of all before it: versions of one bank share it
    as long as they keep the same golden frames."""
    told = hashlib.sha256(golden.features.tobytes())
    for picture in golden.pictures:
        told.update(sha256_hex(picture).encode())
    told.update(extractor.recipe.model_dump_json().encode())
    told.update(extractor.contract.model_dump_json().encode())
    return told.hexdigest()


def _view(golden: GoldenFrames, place: int, manifest: Manifest) -> Pixels:
    data, part = golden.pictures[place], manifest.parts[int(golden.parts[place])]
    try:
        picture = decode(data, _LIMITS)
    except UnreadableImage as error:
        raise BankRefused(
            Refusal.GOLDEN_DIFFERS, f"The picture of {part.name} is unreadable: {error}"
        ) from error
    if sha256_hex(data) == part.sha256:
        return view(picture, manifest.contract)
    size = (manifest.contract.input_height, manifest.contract.input_width)
    if picture.pixels.shape[:2] != size:
        raise BankRefused(
            Refusal.GOLDEN_DIFFERS, f"The picture kept of {part.name} is neither the part's nor its view."
        )
    return picture.pixels


def _compare(
    loaded: LoadedBank,
    golden: GoldenFrames,
    measured: NDArray[np.float32],
    tolerance: float,
    of: str,
    remedy: str,
) -> None:
    usual = float(np.median(np.abs(loaded.memory_bank.calibration_scores)))
    for part, stored, now in zip(golden.parts, golden.scores, measured, strict=True):
        scale = max(abs(float(stored)), usual)
        if not abs(float(now) - float(stored)) <= tolerance * scale:
            entry = loaded.manifest.parts[int(part)]
            raise BankRefused(
                Refusal.GOLDEN_DIFFERS,
                f"Golden frame {entry.name or entry.sha256[:12]} scored {stored:.6g} and {of} {now:.6g} "
                f"here, off by more than {tolerance:g} of {scale:.6g}: {remedy}, or train anew.",
            )
