"""The named recipes: one setting for all lines, chosen without a defect of any of them."""

from service.patchcore.recipe import Recipe

PAPER = Recipe(
    name="paper",
    # Torchvision's first weights, as the authors': timm's untagged name means others.
    backbone="wide_resnet50_2.tv_in1k",
    pooling="paper",
    input_pixels=256 * 256,
    keep_aspect=False,
    crop_margin=16,
    # The crop's margin holds copies of patches: a tenth of the 28 x 28 that the network saw, of 32 x 32.
    coreset_share=0.1 * 28**2 / 32**2,
    max_vectors=1_000_000,
)
"""The authors' code: resized to 256, cropped to 224, layers 2 and 3, 10 % of the patches, the maximum."""

BALANCED = Recipe(
    name="balanced",
    backbone="efficientnet_lite2+tf_efficientnet_lite0",
    patch_mean=(1, 3),
    fusion="late",
    grid_stride=16,
    input_pixels=512 * 512,
    looks=4,
    coreset_share=1.0,
    max_vectors=2_500,
    whiten=True,
    whiten_ridge=0.1,
    score="max-minus-half-quartile",
)
"""Two networks that fail on different parts; fine structure as it is, coarse with its neighbours, each held
against the bank by itself; small pictures looked at twice or four times."""

FAST = Recipe(
    **{
        **BALANCED.model_dump(),
        "name": "fast",
        "backbone": "efficientnet_lite2",
        "patch_mean": (3, 1),
        "input_pixels": 352 * 352,
    }
)
"""For a line with 20 ms a frame: the larger network alone, on half of the pixels."""

ACCURATE = Recipe(
    **{
        **BALANCED.model_dump(),
        "name": "accurate",
        "backbone": "efficientnet_lite2+tf_efficientnet_lite0+tf_efficientnet_lite2",
        "input_pixels": 768**2,
        "max_vectors": 10_000,
    }
)
"""For a line that has time: one more network, more pixels where the picture has them, and a larger bank."""

PLAIN = Recipe()
"""PatchCore without any change of ours, on the smallest network."""

DEFAULT = BALANCED
"""What commands take when no recipe is named."""

RECIPES = {recipe.name: recipe for recipe in (BALANCED, FAST, ACCURATE, PAPER, PLAIN)}


def recipe_named(name: str) -> Recipe:
    """The recipe of that name. Raises ValueError, naming those there are, for another."""
    if name not in RECIPES:
        raise ValueError(f"no recipe is called {name!r}: choose from {', '.join(RECIPES)}")
    return RECIPES[name]
