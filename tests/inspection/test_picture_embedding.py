import numpy as np
import pytest

from service.images.picture import Pixels
from service.inspection.picture_embedding import PictureEmbedding
from service.patchcore import PatchCore
from service.patchcore.recipe import Recipe
from tests.parts import draw_part

SMALL = Recipe(fusion="late", whiten=True, input_pixels=128 * 128, max_vectors=500, coreset_share=1.0)


def test_pictures_are_learned_and_judged_in_five_lines() -> None:
    embed = PictureEmbedding(SMALL)
    model = PatchCore(SMALL, embed=embed, levels=embed.levels, false_alarm_rate=0.1)
    model.fit([draw_part(seed) for seed in range(20)])
    good, bad = ([draw_part(seed, defect) for seed in (900, 901)] for defect in (None, "chip"))
    assert model.score_samples(bad).max() < model.score_samples(good).min()
    assert model.predict(bad).tolist() == [-1, -1]


def test_what_is_no_picture_is_refused_with_what_to_give() -> None:
    with pytest.raises(ValueError, match="give uint8 or uint16"):
        PictureEmbedding(SMALL)([np.zeros((8, 8, 4), dtype=np.uint8)])


@pytest.mark.parametrize("other", [draw_part(3).astype(np.uint16), draw_part(3)[..., 0]])
def test_pictures_of_another_kind_than_the_first_are_refused(other: Pixels) -> None:
    embed = PictureEmbedding(SMALL)
    embed([draw_part(1), draw_part(2)])
    with pytest.raises(ValueError, match="where fit had colour ones of 8: give pictures of one camera"):
        embed([draw_part(4), other])
