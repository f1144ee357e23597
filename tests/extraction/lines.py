"""A bank of drawn parts on disk, with the activation that puts it in force; made once a test session."""

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

from schemas.activation import Activated
from service.backbones.loading import load_backbone
from service.patchcore.recipe import Recipe
from service.training.build import build_bank
from service.training.built import BuiltBank
from service.training.part import GoodPart
from tests.parts import draw_part, encode_png

SIZE = (128, 128)
RECIPE = Recipe(coreset_share=0.1, input_pixels=128 * 128)
GOOD = encode_png(draw_part(900, size=SIZE))
DEFECTIVE = encode_png(draw_part(900, "spot", size=SIZE))


@lru_cache(maxsize=4)
def taught(line: str, parts: int = 24) -> BuiltBank:
    """The bank of a line that has seen drawn parts."""
    pictures = [encode_png(draw_part(seed, size=SIZE)) for seed in range(parts)]
    good = [GoodPart.of(f"{number}.png", data) for number, data in enumerate(pictures)]
    backbone = load_backbone(RECIPE.backbone, RECIPE.stages)
    return build_bank(line, "default", good, RECIPE, backbone)


@dataclass(frozen=True)
class BankOnDisk:
    """What a ``Load`` request names."""

    path: Path
    activation: Activated


def on_disk(folder: Path, line: str, epoch: int = 1) -> BankOnDisk:
    """Write the line's bank into the folder."""
    built = taught(line)
    path = folder / f"{built.version}.safetensors"
    path.write_bytes(built.data)
    activation = Activated(
        line=line,
        epoch=epoch,
        model="default",
        version=built.version,
        size_bytes=len(built.data),
        thresholds=built.thresholds,
        activated_at=datetime(2026, 1, 1, tzinfo=UTC),
    )
    return BankOnDisk(path, activation)
