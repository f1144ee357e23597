"""Golden pictures scored by the thread that owns the device, each set of them once a process."""

from collections import OrderedDict

from service.inspection.golden import check_pictures, extraction_digest
from workers.extraction.entry import Candidate

MOST = 4096


class Proofs:
    """Remembers which golden frames this process has scored as their bank says. A grown bank keeps those of
    the bank before: the network has proven itself on them, and only the search is new, which
    ``build_entry`` looked at. So a swap after an approval costs the device nothing."""

    def __init__(self) -> None:
        self._proven: OrderedDict[str, None] = OrderedDict()

    def demand(self, candidate: Candidate) -> None:
        """Raises ``BankRefused`` when a golden picture does not score as it did. Blocks for the network over
        some three pictures, unless they were scored before."""
        golden, model = candidate.loaded.golden, candidate.entry.model
        if golden is None:
            return
        digest = extraction_digest(golden, model.extractor)
        if digest not in self._proven:
            check_pictures(model, candidate.loaded)
        self._proven[digest] = None
        self._proven.move_to_end(digest)
        if len(self._proven) > MOST:
            self._proven.popitem(last=False)
