"""The scores of a line's newest frames under one version of its bank."""

import sqlite3

from service.web.shapes import ScoredFrame

QUERY = """
SELECT uid, frame_id, verdict, json_extract(body, '$.score') FROM verdicts
WHERE line = ? AND verdict IN ('ok', 'review', 'defect') AND json_extract(body, '$.bank_version') = ?
ORDER BY at_ms DESC, uid DESC LIMIT ?
"""


def newest(connection: sqlite3.Connection, line: str, version: str, limit: int) -> list[ScoredFrame]:
    """At most so many frames, newest first."""
    rows = connection.execute(QUERY, (line, version, limit))
    return [
        ScoredFrame(frame_uid=uid, frame_id=frame_id, verdict=verdict, score=score)
        for uid, frame_id, verdict, score in rows
    ]
