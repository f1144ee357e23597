"""The records of the banks log: what was published, and what is in force from which epoch on."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, TypeAdapter

from schemas.ids import LineId, ModelName, Version
from schemas.message import Message, Moment


class Thresholds(Message):
    """Where the verdicts part, for one version of a bank. A score above ``defect_score`` has a p-value
    of at most ``alpha``."""

    wished_alpha: float = Field(gt=0, lt=1)
    alpha: float = Field(gt=0, lt=1, description="max(wished, 1/(n+1)): the rate n parts can promise")
    review_alpha: float = Field(gt=0, lt=1)
    defect_score: float
    review_score: float
    calibration_parts: int = Field(ge=1)


class Published(Message):
    """A bank's bytes are in the object store."""

    kind: Literal["published"] = "published"
    schema_version: Literal[1] = 1
    line: LineId
    model: ModelName
    version: Version
    size_bytes: int = Field(gt=0)
    vectors: int = Field(gt=0)
    parts: int = Field(gt=0)
    radius: float
    based_on: Version | None = Field(default=None, description="the bank that it grew out of")
    command_id: UUID | None = Field(default=None, description="the command that it was grown for")
    bank_signature: str | None = Field(default=None, description="of the bank file, as its .sig has it")
    published_at: Moment


class Activated(Message):
    """A version is in force on a line from this epoch on. The first record of epoch n+1 wins."""

    kind: Literal["activated"] = "activated"
    schema_version: Literal[1] = 1
    line: LineId
    epoch: int = Field(ge=1)
    model: ModelName
    version: Version
    size_bytes: int = Field(gt=0)
    thresholds: Thresholds
    command_id: UUID | None = None
    actor: str = "patchline"
    why: str = ""
    bank_signature: str | None = Field(default=None, description="of the bank file, as its .sig has it")
    activated_at: Moment


class Restored(Message):
    """A topic that had forgotten records is whole again: the epochs of every line, from their first, lie at
    ``from_offset`` and after it."""

    kind: Literal["restored"] = "restored"
    schema_version: Literal[1] = 1
    from_offset: int = Field(ge=0)
    actor: str = "patchline"
    restored_at: Moment


BankRecord = Annotated[Published | Activated | Restored, Field(discriminator="kind")]
BANK_RECORD: TypeAdapter[Published | Activated | Restored] = TypeAdapter(BankRecord)
