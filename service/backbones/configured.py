"""The backbone that a recipe names, with the weights and on the engine that the settings name."""

from service.backbones.base import Backbone
from service.backbones.precision import Arithmetic, chosen
from service.backbones.refusal import UnfitWeights
from service.backbones.source import source_of
from service.backbones.timm_network import load_backbone
from service.backbones.weights import sha256_of
from service.patchcore.recipe import Recipe
from service.settings import EngineSettings


def backbone_for(recipe: Recipe, engine: EngineSettings, made_with: Arithmetic | None = None) -> Backbone:
    """As ``load_backbone``, which says what is raised and how long it blocks. Where the settings leave the
    arithmetic open it is that which a bank was ``made_with``: thresholds hold for no other."""
    wished = made_with or engine.precision if engine.precision == "auto" else engine.precision
    precision = chosen(wished, engine.device)
    return load_backbone(
        recipe.backbone, recipe.stages, engine.weights, engine.device, precision, engine.downloads
    )


def weights_in_use(engine: EngineSettings, backbone: str) -> str:
    """The sha256 of the weights that a worker with these settings has for a backbone. Raises
    ``UnfitWeights`` for one that it has none of."""
    source = source_of(backbone, engine.weights, downloads=engine.downloads)
    try:
        return sha256_of(source.path)
    except OSError as error:
        raise UnfitWeights(
            f"The weights {source.path} cannot be read ({error.strerror}): check the path."
        ) from error
