"""The device that a command scores on, set up as an inspector's worker sets it up."""

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from service.backbones.base import Backbone
    from service.backbones.precision import Arithmetic
    from service.patchcore import Recipe
    from service.settings import Settings


def ready_backbone(
    settings: "Settings", recipe: "Recipe", made_with: "Arithmetic | None" = None
) -> "Backbone":
    """The recipe's network on the device of the settings, in the arithmetic that a bank was ``made_with``
    where the settings leave it open, and every core for it unless the settings say otherwise: no consumer
    runs beside a command. Blocks for a second or two, most of it imports.
    Raises ``ValueError`` for weights that are not to be had, ``Refused`` for a device that is not there."""
    from workers.cli.progress import spinner

    with spinner("Loading the network"):
        from service.backbones.configured import backbone_for
        from workers.cli.failures import Refused
        from workers.extraction.engine import share_threads

        share_threads(settings.engine.alone().threads, os.cpu_count() or 1)
        try:
            return backbone_for(recipe, settings.engine, made_with)
        except (RuntimeError, AssertionError) as error:
            reason = next(iter(str(error).splitlines()), type(error).__name__)
            raise Refused(
                f"device {settings.engine.device} cannot be used ({reason}): correct PATCHLINE_ENGINE__DEVICE"
            ) from error
