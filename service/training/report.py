"""What a training tells of the bank that it made, for whoever decides whether it comes into force."""

from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, Field

from schemas.activation import Thresholds
from schemas.ids import ModelName, Version

if TYPE_CHECKING:  # The page reads reports, and needs no network's library for that.
    from service.training.built import BuiltBank
    from service.training.suspects import Screened


class SuspectPart(BaseModel):
    """A part that looks unlike the others, and how often one of them would be as unlike the rest."""

    model_config = ConfigDict(frozen=True)

    sha256: Version
    name: str
    p_value: float


class TrainingReport(BaseModel):
    """``scores`` ascend, of good parts that were held out; ``advice`` says in words what their number
    allows."""

    model_config = ConfigDict(frozen=True)

    model: ModelName
    version: Version
    recipe: str
    parts: int
    vectors: int
    size_bytes: int
    thresholds: Thresholds
    scores: tuple[float, ...]
    advice: str
    suspects: tuple[SuspectPart, ...] = ()
    notes: tuple[str, ...] = ()
    seconds: float = Field(ge=0)

    @classmethod
    def of(
        cls, built: "BuiltBank", screened: "Screened | None", notes: list[str], seconds: float
    ) -> "TrainingReport":
        """The report of a build; ``screened`` is None where too few parts are there to tell."""
        parts = built.manifest.parts
        suspects = screened.suspects if screened else ()
        return cls(
            model=built.manifest.model,
            version=built.version,
            recipe=built.manifest.recipe.name,
            parts=len(parts),
            vectors=built.memory_bank.size,
            size_bytes=len(built.data),
            thresholds=built.thresholds,
            scores=tuple(sorted(float(score) for score in built.memory_bank.calibration_scores)),
            advice=built.memory_bank.calibration().sentence(built.thresholds.wished_alpha),
            suspects=tuple(
                SuspectPart(sha256=parts[one.number].sha256, name=one.name, p_value=one.p_value)
                for one in suspects
            ),
            notes=tuple(notes),
            seconds=seconds,
        )
