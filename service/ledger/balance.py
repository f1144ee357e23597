"""The balance of a full book, as a report."""

from schemas.topics import TopicKind
from service.ledger.book import Book
from service.ledger.report import SAMPLE, LedgerReport, Trouble, TroubleKind
from service.ledger.snapshot import Snapshot

_CLASSES = "SELECT class, COUNT(*) FROM outcomes GROUP BY class"
_SINGLE = {
    "alerts": "SELECT COUNT(*) FROM answered",
    "superseded": "SELECT COUNT(*) FROM judged WHERE own_partition = partition AND NOT effective",
    "alerts_repeated": """SELECT COALESCE(SUM(a.copies - 1), 0) FROM alerts a WHERE EXISTS (
        SELECT 1 FROM answered j WHERE j.alert_id = a.alert_id AND j.alert_digest = a.digest)""",
}
_COUNT = "SELECT COUNT(*) FROM found WHERE kind = ?"
_FIRST = "SELECT topic, own_partition, own_offset, detail FROM found WHERE kind = ? LIMIT ?"


def report_of(book: Book, snapshot: Snapshot) -> LedgerReport:
    """The report of a settled book. Blocks for the queries."""
    book.conclude()
    in_book = {kind: int(book.ask(_COUNT, kind.value)[0][0]) for kind in TroubleKind}
    windows = snapshot.windows.values()
    counts = {**in_book, TroubleKind.EXPIRED_UNREAD: sum(window.expired_unread for window in windows)}
    first = [trouble for kind, count in in_book.items() if count for trouble in _first(book, kind)]
    return LedgerReport(
        **_well(book),
        **{kind.field: count for kind, count in counts.items()},
        in_flight=sum(window.in_flight for window in windows),
        troubles=(*_expired(snapshot), *first),
    )


def _well(book: Book) -> dict[str, int]:
    classes: dict[str, int] = dict(book.ask(_CLASSES))
    outcomes = {name: classes.get(name, 0) for name in ("scored", "dead_lettered", "dropped")}
    single = {name: int(book.ask(question)[0][0]) for name, question in _SINGLE.items()}
    return {"accepted": sum(classes.values()), **outcomes, **single}


def _first(book: Book, kind: TroubleKind) -> list[Trouble]:
    return [_trouble(kind, TopicKind(topic), *rest) for topic, *rest in book.ask(_FIRST, kind.value, SAMPLE)]


def _expired(snapshot: Snapshot) -> list[Trouble]:
    lost = [(partition, window) for partition, window in snapshot.windows.items() if window.expired_unread]
    return [
        _trouble(
            TroubleKind.EXPIRED_UNREAD,
            TopicKind.FRAMES,
            partition,
            window.committed or 0,
            f"{window.expired_unread} offsets from here on are gone: keep frames longer, or add inspectors.",
        )
        for partition, window in lost[:SAMPLE]
    ]


def _trouble(kind: TroubleKind, topic: TopicKind, partition: int, offset: int, detail: str) -> Trouble:
    sentence = f"{kind.sentence} {detail}".strip()
    return Trouble(kind=kind, topic=topic, partition=partition, offset=offset, sentence=sentence)
