"""The backbone that a recipe names, on the engine that the settings name."""

from service.backbones.base import Backbone
from service.backbones.timm_network import load_backbone
from service.patchcore.recipe import Recipe
from service.settings import EngineSettings


def backbone_for(recipe: Recipe, engine: EngineSettings) -> Backbone:
    """As ``load_backbone``, which says what is raised and how long it blocks."""
    return load_backbone(recipe.backbone, recipe.stages, engine.weights, engine.device, engine.precision)
