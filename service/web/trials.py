"""Trials: what a published bank says of one picture, with a heatmap that is remembered for a while."""

from collections import OrderedDict
from uuid import UUID, uuid4

from service.web.problem import Problem

REMEMBERED = 32


class TrialDrawings:
    """The heatmaps of the last trials, in memory."""

    def __init__(self) -> None:
        self._drawings: OrderedDict[tuple[str, UUID], bytes] = OrderedDict()

    def keep(self, line: str, drawing: bytes) -> UUID:
        """Remember a PNG; its name."""
        name = uuid4()
        self._drawings[(line, name)] = drawing
        while len(self._drawings) > REMEMBERED:
            self._drawings.popitem(last=False)
        return name

    def get(self, line: str, name: UUID) -> bytes:
        """Raises ``Problem`` 404 for one that was forgotten."""
        if (line, name) not in self._drawings:
            raise Problem(404, f"the heatmap of trial {name} is forgotten: try the picture again")
        return self._drawings[(line, name)]
