"""How long frames waited for their judgement, as their verdicts tell."""

import math
from collections.abc import Sequence
from datetime import datetime
from typing import Any


def delays(
    verdicts: Sequence[dict[str, Any]], begin: float = 0.0, end: float = math.inf, name: str = ""
) -> list[float]:
    """Seconds from the broker's timestamp to the judgement, of frames that came from begin to before the end
    and whose id begins with the name."""
    return [
        datetime.fromisoformat(verdict["inspected_at"]).timestamp() - sent
        for verdict in verdicts
        if begin <= (sent := verdict["source"]["timestamp_ms"] / 1000) < end
        and str(verdict["frame_id"]).startswith(name)
    ]
