"""The parts that a screening lists, with what shows why."""

from dataclasses import dataclass

import numpy as np

from service.images.decode import decode
from service.images.heatmap import draw_heatmap
from service.inspection.on_frame import anomaly_on_frame
from service.patchcore.screening import Screening
from service.training.part import LIMITS
from service.training.refusal import TrainingRefused
from service.training.screening import screen
from service.training.taught import TaughtParts

_LEAST_THRESHOLD = 1e-6


@dataclass(frozen=True, slots=True)
class Suspect:
    """A part that looks unlike the others: in the parts' order its ``number``, and how often one of them
    would be as unlike the rest."""

    number: int
    name: str
    p_value: float


@dataclass(frozen=True, slots=True, eq=False)
class Screened:
    """What a screening of the parts found; ``suspects`` strangest first."""

    taught: TaughtParts
    screening: Screening

    @classmethod
    def of(cls, taught: TaughtParts) -> "Screened":
        """Blocks as ``patchcore.screening.screen`` does. Raises ``TrainingRefused`` where pictures of too few
        parts are there to tell."""
        ids = [part.part_id or f"sha256 {part.sha256}" for part in taught.parts]
        try:
            return cls(taught, screen(taught.features, taught.extractor.recipe, ids))
        except ValueError as error:
            raise TrainingRefused(f"no part can be screened: {error}") from error

    @property
    def suspects(self) -> tuple[Suspect, ...]:
        parts, p_values = self.taught.parts, self.screening.p_values
        return tuple(
            Suspect(number, parts[number].name, float(p_values[number])) for number in self.screening.suspects
        )

    def kept(self) -> TaughtParts:
        """The parts without the suspects. Raises ``TrainingRefused`` where too few are left."""
        return self.taught.without(self.screening.suspects)

    def drawing(self, suspect: Suspect) -> bytes:
        """A PNG of the part: colours rise with the distance to the other parts' patches, and bright ones lie
        above the largest distance on a usual part."""
        part, extractor = self.taught.parts[suspect.number], self.taught.extractor
        picture = decode(part.data, LIMITS)
        usual = float(np.median([grid.max() for grid in self.screening.grids]))
        grid = extractor.grid.laid_out(self.screening.grids[suspect.number][None])[0]
        size = (picture.height, picture.width)
        anomaly = anomaly_on_frame(grid, size, extractor.contract, extractor.recipe.smooth_sigma)
        return draw_heatmap(
            picture.pixels, anomaly, max(usual, _LEAST_THRESHOLD), white=extractor.contract.white
        )
