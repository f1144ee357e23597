"""Models taught by drawn parts, made once a test session."""

from functools import lru_cache

from service.backbones.loading import load_backbone
from service.images.contract import InputContract
from service.images.decode import decode
from service.images.picture import Picture
from service.inspection.extractor import PatchExtractor
from service.inspection.line_model import LineModel
from service.inspection.thresholds import thresholds_at
from service.patchcore.fit import fit
from service.patchcore.recipe import Recipe
from tests.parts import Image, draw_part, encode_png

RECIPE = Recipe(coreset_share=0.05, max_vectors=2000)
GOOD = 30


def picture(pixels: Image) -> Picture:
    return decode(encode_png(pixels))


def teach(pictures: list[Picture], recipe: Recipe = RECIPE, wished_alpha: float = 0.01) -> LineModel:
    contract = InputContract.learn([each.form() for each in pictures], recipe)
    extractor = PatchExtractor(load_backbone(recipe.backbone, recipe.stages), recipe, contract)
    features = [
        part for at in range(0, len(pictures), 8) for part in extractor.extract(pictures[at : at + 8])
    ]
    bank = fit(features, recipe)
    return LineModel(bank, thresholds_at(bank.calibration(), wished_alpha), extractor)


@lru_cache(maxsize=4)
def drawn_line(size: tuple[int, int] = (320, 320), good: int = GOOD) -> LineModel:
    return teach([picture(draw_part(seed, size=size)) for seed in range(good)])
