"""What is due: by age for each class of verdicts, then the oldest of the least until the total fits."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

from schemas.reasons import VerdictKind
from service.retention.index import RetentionIndex, StoredObject
from service.settings import RetentionSettings

DAY_MS = 86_400_000
# Whatever is younger is never removed: its verdict may not be committed yet, or somebody looks at it.
YOUNGEST_MS = 3_600_000
# What is given up first when the total is too large.
ORDER = (VerdictKind.OK, VerdictKind.FAULT, VerdictKind.REVIEW, VerdictKind.DEFECT)
OF_KIND = """
SELECT o.key, o.uid, o.size, o.modified_ms, v.line, v.at_ms FROM objects o JOIN verdicts v USING (uid)
WHERE v.kind = ? AND v.at_ms < ? ORDER BY v.at_ms
"""
UNKNOWN = """
SELECT o.key, o.uid, o.size, o.modified_ms FROM objects o
WHERE o.modified_ms < ? AND NOT EXISTS (SELECT 1 FROM verdicts v WHERE v.uid = o.uid)
"""
Horizons = dict[tuple[str, VerdictKind], int]


@dataclass(slots=True)
class Plan:
    """Objects to remove by class, and for each line and class the moment (ms) before which all are due."""

    due: dict[str, list[StoredObject]] = field(default_factory=lambda: defaultdict(list))
    horizons: Horizons = field(default_factory=dict)

    def add(self, kind: VerdictKind, line: str, at_ms: int, found: StoredObject) -> None:
        """Another one: what was judged before it, in its line and class, is due as well."""
        self.due[kind.value].append(found)
        self.horizons[(line, kind)] = max(self.horizons.get((line, kind), 0), at_ms + 1)


def keep_days(settings: RetentionSettings) -> Mapping[VerdictKind, float]:
    """How long each class is kept."""
    return {
        VerdictKind.OK: settings.ok_days,
        VerdictKind.REVIEW: settings.review_days,
        VerdictKind.DEFECT: settings.defect_days,
        VerdictKind.FAULT: settings.fault_days,
    }


def plan(index: RetentionIndex, settings: RetentionSettings, now_ms: int, stored_bytes: int) -> Plan:
    """What the settings ask to remove now, of all that is listed. Blocks for the disk."""
    made = Plan()
    left = stored_bytes
    for kind, days in keep_days(settings).items():
        before = now_ms - max(int(days * DAY_MS), YOUNGEST_MS)
        for key, uid, size, modified_ms, line, at_ms in index.connection.execute(
            OF_KIND, (kind.value, before)
        ):
            made.add(kind, line, at_ms, StoredObject(key, uid, size, modified_ms))
            left -= size
    oldest = max(keep_days(settings).values())
    for row in index.connection.execute(UNKNOWN, (now_ms - int((oldest + 1) * DAY_MS),)):
        made.due["unknown"].append(StoredObject(*row))
        left -= row[2]
    if settings.max_bytes and left > settings.max_bytes:
        _fit(index, settings.max_bytes, now_ms, left, made)
    return made


def _fit(index: RetentionIndex, most: int, now_ms: int, left: int, made: Plan) -> None:
    chosen = {found.key for objects in made.due.values() for found in objects}
    for kind in ORDER:
        for row in index.connection.execute(OF_KIND, (kind.value, now_ms - YOUNGEST_MS)):
            if left <= most:
                return
            key, uid, size, modified_ms, line, at_ms = row
            if key not in chosen:
                made.add(kind, line, at_ms, StoredObject(key, uid, size, modified_ms))
                left -= size
