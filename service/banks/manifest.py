"""What a bank file says of itself, beside its arrays. No clock: equal content, equal version."""

import json
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from schemas.ids import LineId, ModelName, Version
from service.images.contract import InputContract
from service.patchcore.recipe import Recipe

FORMAT: Literal[1] = 1
Precision = Literal["float32", "bfloat16", "float16"]
"""The arithmetic of the network that the bank was made with."""


class PartEntry(BaseModel):
    """One part that was taught, in the order that the arrays number parts by."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    sha256: Version
    name: str = Field(default="", max_length=256)
    part_id: str | None = Field(default=None, max_length=128)
    origin: Literal["trained", "approved", "audited"] = "trained"

    @property
    def calibrates(self) -> bool:
        """Whether its held-out score says how good parts score. Approved parts are a biased sample: most of
        them were flagged. Audited ones were drawn whatever their verdict."""
        return self.origin != "approved"


class Manifest(BaseModel):
    """Whose bank it is, and all that scoring with it needs to know; ``levels`` as in ``MemoryBank``. Raises
    pydantic's ValidationError for ids that break their rule and for a part named twice."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    format: Literal[1] = FORMAT
    line: LineId
    model: ModelName
    backbone: str = Field(min_length=1, max_length=128)
    weights_sha256: Version
    precision: Precision = "float32"
    recipe: Recipe
    levels: tuple[int, ...] = ()
    contract: InputContract
    grid: tuple[int, int]
    selection_radius: float = Field(ge=0)
    coverage_radius: float = Field(ge=0)
    parts: tuple[PartEntry, ...]

    @model_validator(mode="after")
    def _no_part_twice(self) -> Self:
        # A part that counted twice would be left out once of the calibration, and score against itself.
        if len({part.sha256 for part in self.parts}) < len(self.parts):
            raise ValueError("a part is listed twice: name every part once")
        return self

    def canonical(self) -> str:
        """The manifest as JSON with sorted keys and no spaces: equal manifests, equal text."""
        values = self.model_dump(mode="json")
        return json.dumps(values, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
