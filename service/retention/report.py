"""What the last sweep of retention saw and removed, kept in the object store for the page."""

from pydantic import BaseModel, ConfigDict

from schemas.message import Moment
from service.store import MissingObject, ObjectStore

REPORT_KEY = "retention/report.json"
GIGABYTE = 1e9
DAYS_A_MONTH = 30.4


class ClassReport(BaseModel):
    """Frames and heatmaps of one class of verdicts: what is stored, what came in the last day, what the last
    sweep removed. ``keep_days`` is how long they are kept."""

    model_config = ConfigDict(frozen=True)

    keep_days: float
    objects: int
    stored_bytes: int
    bytes_per_day: int
    removed: int
    removed_bytes: int

    def cost_per_day(self, price: float) -> float:
        """What a day's storage of this class costs, at a price for a gigabyte and month."""
        return self.stored_bytes / GIGABYTE * price / DAYS_A_MONTH


class RetentionReport(BaseModel):
    """``classes`` by verdict, and ``uploads``; ``stored_bytes`` of all that retention may touch.
    ``price_per_gb_month`` is 0 where nobody said one."""

    model_config = ConfigDict(frozen=True)

    at: Moment
    seconds: float
    keep_ok_frames: str
    max_bytes: int
    price_per_gb_month: float
    classes: dict[str, ClassReport]

    @property
    def stored_bytes(self) -> int:
        """Of all classes."""
        return sum(one.stored_bytes for one in self.classes.values())


async def read_report(store: ObjectStore) -> RetentionReport | None:
    """The report of the last sweep; None before the first, or of another version. Raises ``StoreError``."""
    try:
        return RetentionReport.model_validate_json(await store.get(REPORT_KEY, max_bytes=2**20))
    except (MissingObject, ValueError):
        return None
