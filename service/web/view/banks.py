"""The banks of the view: what is published, and the activation that won each epoch."""

import sqlite3
from collections.abc import Sequence

from schemas.activation import Activated, Published
from service.web.shapes import BankFacts

TABLES = """
CREATE TABLE published (
    line TEXT NOT NULL, model TEXT NOT NULL, version TEXT NOT NULL, body TEXT NOT NULL,
    PRIMARY KEY (line, model, version)
);
CREATE TABLE activations (
    line TEXT NOT NULL, epoch INTEGER NOT NULL, body TEXT, PRIMARY KEY (line, epoch)
);
"""


def current_epoch(connection: sqlite3.Connection, line: str) -> int:
    """The epoch in force on a line; 0 before the first activation."""
    (epoch,) = connection.execute("SELECT MAX(epoch) FROM activations WHERE line = ?", (line,)).fetchone()
    return int(epoch or 0)


def publish(connection: sqlite3.Connection, record: Published) -> None:
    """Keep what a version holds."""
    row = (record.line, record.model, record.version, record.to_bytes().decode())
    connection.execute("INSERT OR IGNORE INTO published VALUES (?, ?, ?, ?)", row)


def activate(connection: sqlite3.Connection, line: str, epoch: int, record: Activated | None) -> None:
    """Keep the record that won an epoch; None for one that cannot be read, which counts all the same."""
    body = record.to_bytes().decode() if record else None
    connection.execute("INSERT OR IGNORE INTO activations VALUES (?, ?, ?)", (line, epoch, body))


def in_force(connection: sqlite3.Connection, line: str) -> Activated | None:
    """The newest activation that can be read: past one that cannot, a line keeps the bank it has."""
    query = "SELECT body FROM activations WHERE line = ? AND body IS NOT NULL ORDER BY epoch DESC LIMIT 1"
    row = connection.execute(query, (line,)).fetchone()
    return Activated.from_bytes(row[0]) if row else None


def facts(connection: sqlite3.Connection, active: Activated) -> BankFacts | None:
    """What the active version holds."""
    query = "SELECT body FROM published WHERE line = ? AND model = ? AND version = ?"
    row = connection.execute(query, (active.line, active.model, active.version)).fetchone()
    if row is None:
        return None
    return BankFacts.model_validate(Published.from_bytes(row[0]).model_dump())


def lines(connection: sqlite3.Connection) -> Sequence[str]:
    """Every line that has had a verdict, an activation or an event, by name."""
    query = (
        "SELECT line FROM totals UNION SELECT line FROM activations UNION SELECT line FROM line_events "
        "ORDER BY line"
    )
    return [line for (line,) in connection.execute(query)]
