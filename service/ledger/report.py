"""What a ledger check found: counts, and a sample of each kind of trouble."""

from pydantic import BaseModel, ConfigDict, Field, computed_field

from schemas.reasons import Worded
from schemas.topics import TopicKind

SAMPLE = 10
# What scripts read, in this order: issue 6 fixed the names.
SUMMARY = (
    "accepted",
    "scored",
    "dead_lettered",
    "dropped",
    "in_flight",
    "expired_unread",
    "superseded",
    "missing",
    "alerts",
    "alerts_repeated",
    "alerts_missing",
    "heatmaps_missing",
    "clean",
)


class TroubleKind(Worded):
    """What breaks the ledger. Each word is also the report's count of it."""

    MISSING = "missing", "The frame was accepted and committed, but has neither a verdict nor a dead letter."
    DOUBLED = "doubled", "The frame has both a verdict and a dead letter, where it may have only one."
    WRONG_IDS = "wrong-ids", "The record's ids, place or bytes are not those of an accepted frame."
    ALERTS_MISSING = "alerts-missing", "The verdict demands an alert that is not in the log."
    FOREIGN_ALERTS = "foreign-alerts", "The alert is not the one that an effective verdict gives."
    HEATMAPS_MISSING = "heatmaps-missing", "The verdict's heatmap is not in the object store."
    UNKNOWN_EPOCHS = "unknown-epochs", "The verdict names a bank that was never in force on its line."
    EXPIRED_UNREAD = "expired-unread", "Frames expired before the group had read them."
    UNREADABLE = "unreadable", "The record cannot be read as what its topic holds."

    @property
    def field(self) -> str:
        """The name of the report's count."""
        return self.value.replace("-", "_")


class Trouble(BaseModel):
    """One thing that is wrong, and the record where it shows."""

    model_config = ConfigDict(frozen=True)

    kind: TroubleKind
    topic: TopicKind
    partition: int
    offset: int
    sentence: str


class LedgerReport(BaseModel):
    """The balance: ``accepted = scored + dead_lettered + dropped + missing + doubled``.

    ``scored`` counts effective verdicts other than dropped, faults among them; ``in_flight`` offsets at or
    past the watermark; ``expired_unread`` offsets that retention took before they were committed;
    ``superseded`` verdicts after a frame's effective one; ``alerts`` those demanded and found, and
    ``alerts_repeated`` their further copies, equal to the byte.
    """

    model_config = ConfigDict(frozen=True)

    accepted: int = Field(ge=0)
    scored: int = Field(ge=0)
    dead_lettered: int = Field(ge=0)
    dropped: int = Field(ge=0)
    in_flight: int = Field(ge=0)
    superseded: int = Field(ge=0)
    alerts: int = Field(ge=0)
    alerts_repeated: int = Field(ge=0)
    missing: int = Field(ge=0)
    doubled: int = Field(ge=0)
    wrong_ids: int = Field(ge=0)
    alerts_missing: int = Field(ge=0)
    foreign_alerts: int = Field(ge=0)
    heatmaps_missing: int = Field(ge=0)
    unknown_epochs: int = Field(ge=0)
    expired_unread: int = Field(ge=0)
    unreadable: int = Field(ge=0)
    troubles: tuple[Trouble, ...] = Field(default=(), description=f"the first {SAMPLE} of each kind")

    def count(self, kind: TroubleKind) -> int:
        """How often a kind of trouble was found, also past the sample."""
        return int(getattr(self, kind.field))

    @computed_field  # type: ignore[prop-decorator]
    @property
    def clean(self) -> bool:
        """Whether the ledger holds: no trouble of any kind."""
        return not any(self.count(kind) for kind in TroubleKind)

    def summary(self) -> dict[str, int | bool]:
        """The counts that scripts read, named as in ``SUMMARY``. Trouble of another kind shows as a ledger
        that is not clean; its counts and samples are in the report itself."""
        return {name: getattr(self, name) for name in SUMMARY}
