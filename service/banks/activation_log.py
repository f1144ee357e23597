"""The authority on what is in force: a pure fold over the records of the banks topic.

One rule for every reader: the first activated record of epoch n+1 for a line wins, others are ignored.
"""

import re
from dataclasses import dataclass, replace

from schemas.activation import Activated
from schemas.frame import Headers
from schemas.ids import is_line_id
from service.signing.refusal import SignatureFault, SignatureRefused
from service.signing.signature import SIGNATURE_HEADER
from service.signing.statement import KeyUse
from service.signing.trust import UNCHECKED, Trust
from service.stream.base import Record

KIND_HEADER, LINE_HEADER, EPOCH_HEADER = "kind", "line", "epoch"
ACTIVATED, PUBLISHED = "activated", "published"
# int() would also read signs, spaces, underscores and other scripts' digits: readers must not differ.
_EPOCH = re.compile(rb"[1-9][0-9]{0,17}")


@dataclass(frozen=True, slots=True)
class Entry:
    """One epoch of a line. ``activation`` is None when the winning record's value cannot be read or is not
    trusted, and ``problem`` says why; the epoch counts all the same. ``signature`` is the text of the
    record's header, ``fault`` why it is not trusted; ``elsewhere``: the value is of another epoch or line."""

    line: str
    epoch: int
    offset: int
    value: bytes
    activation: Activated | None
    problem: str | None = None
    signature: bytes | None = None
    fault: SignatureFault | None = None
    elsewhere: bool = False


@dataclass(frozen=True, slots=True)
class Change:
    """A line moved to a new epoch. Act on ``entry.activation``; when it is None, keep what you have."""

    entry: Entry
    before: Entry | None


class ActivationLog:
    """What every line's epochs are. Give it each record of the banks topic in the log's order; records
    given again change nothing. No method blocks, and none raises for a record, however broken."""

    def __init__(self, trust: Trust = UNCHECKED) -> None:
        self._trust = trust
        self._chains: dict[str, list[Entry]] = {}
        self.ignored = 0

    def apply(self, record: Record) -> Change | None:
        """Take the next record; answers the change it makes, or None for one that makes none."""
        claim = _claim(record.headers)
        if claim is None:
            return None
        line, epoch = claim
        before = self.current(line)
        if epoch != (before.epoch if before else 0) + 1:
            self.ignored += 1
            return None
        entry = self._entry(line, epoch, record)
        self._chains.setdefault(line, []).append(entry)
        return Change(entry, before)

    def lines(self) -> frozenset[str]:
        """The lines that ever had an activation."""
        return frozenset(self._chains)

    def current(self, line: str) -> Entry | None:
        """The newest epoch of a line, None before the first."""
        chain = self._chains.get(line)
        return chain[-1] if chain else None

    def epoch(self, line: str) -> int:
        """The newest epoch's number, 0 before the first."""
        return len(self._chains.get(line, ()))

    def history(self, line: str) -> tuple[Entry, ...]:
        """All epochs of a line, the first first."""
        return tuple(self._chains.get(line, ()))

    def at(self, line: str, epoch: int) -> Entry | None:
        """One epoch of a line."""
        chain = self._chains.get(line, [])
        return chain[epoch - 1] if 1 <= epoch <= len(chain) else None

    def last_good(self, line: str) -> Entry | None:
        """The newest epoch that can be read: what a reader stays on."""
        return next((e for e in reversed(self._chains.get(line, ())) if e.activation is not None), None)

    def newest_trusted(self, line: str) -> Entry | None:
        """The newest epoch that somebody who is trusted wrote: what a writer builds on. Epochs that strangers
        burnt count, and change nothing."""
        return next((e for e in reversed(self._chains.get(line, ())) if e.fault is None), None)

    def unreadable(self, line: str) -> bool:
        """Whether the newest epoch cannot be read: raise a gauge."""
        entry = self.current(line)
        return entry is not None and entry.activation is None

    def _entry(self, line: str, epoch: int, record: Record) -> Entry:
        value, signature = record.value or b"", dict(record.headers).get(SIGNATURE_HEADER)
        try:
            self._trust.check_record(KeyUse.BANKS, line, value, record.headers)
        except SignatureRefused as refused:
            problem = f"epoch {epoch} of {line} is not trusted: {refused.sentence}"
            return Entry(line, epoch, record.offset, value, None, problem, signature, refused.fault)
        entry = replace(_read(line, epoch, record.offset, value), signature=signature)
        moved = self._trust.required and entry.elsewhere
        return replace(entry, fault=SignatureFault.MOVED) if moved else entry


def activation_headers(line: str, epoch: int) -> Headers:
    """The headers that move a line to an epoch."""
    return (
        (KIND_HEADER, ACTIVATED.encode()),
        (LINE_HEADER, line.encode()),
        (EPOCH_HEADER, str(epoch).encode()),
    )


def _claim(headers: Headers) -> tuple[str, int] | None:
    last = dict(headers)
    line = last.get(LINE_HEADER, b"").decode("ascii", "replace")
    epoch = last.get(EPOCH_HEADER, b"")
    if last.get(KIND_HEADER) != ACTIVATED.encode() or not is_line_id(line) or not _EPOCH.fullmatch(epoch):
        return None
    return line, int(epoch)


def _read(line: str, epoch: int, offset: int, value: bytes) -> Entry:
    try:
        activation = Activated.from_bytes(value)
    except ValueError as error:
        problem = f"epoch {epoch} of {line} cannot be read ({_summary(error)}): upgrade this program"
        return Entry(line, epoch, offset, value, None, problem)
    if (activation.line, activation.epoch) != (line, epoch):
        problem = f"epoch {epoch} of {line} has a value that speaks of {activation.line}: ask its writer"
        return Entry(line, epoch, offset, value, None, problem, elsewhere=True)
    return Entry(line, epoch, offset, value, activation)


def _summary(error: ValueError) -> str:
    return " ".join(str(error).split())[:200]
