"""Values that are no numbers are told, whoever computed them."""

from service.backbones.base import Backbone
from service.backbones.refusal import NonFiniteFeatures


def not_finite(backbone: Backbone) -> NonFiniteFeatures:
    """What to raise where a value that this network computed, or one that came of it, is no number."""
    remedy = (
        f"check the weights {backbone.weights_sha256[:12]}"
        if backbone.precision == "float32"
        else "set PATCHLINE_ENGINE__PRECISION=float32"
    )
    return NonFiniteFeatures(
        f"The backbone {backbone.name} gives values that are no numbers in {backbone.precision}: {remedy}."
    )
