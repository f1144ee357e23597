"""Where the banks log and its archive in the object store differ."""

from dataclasses import dataclass

from service.banks.archive import Archive
from service.banks.banks_log import BanksLog


@dataclass(frozen=True, slots=True)
class ArchiveGap:
    """One line. ``absent`` epochs are in the store and not in the log, ``unarchived`` ones in the log and not
    in the store. ``forked``: the newest epoch that both have is not the same record, so the log went on
    without its past."""

    line: str
    logged: int
    absent: tuple[int, ...]
    unarchived: tuple[int, ...]
    forked: bool

    @property
    def sound(self) -> bool:
        """Whether log and store say the same."""
        return not (self.absent or self.unarchived or self.forked)


async def archive_gaps(log: BanksLog, archive: Archive) -> list[ArchiveGap]:
    """Of every line that either knows, by name. Reads one file a line. Raises ``StoreError``."""
    archived = await archive.epochs()
    forgotten = set() if log.whole else {line for line, _ in log.stray}
    lines = sorted(log.activations.lines() | archived.keys() | forgotten)
    return [await _gap(log, archive, line, archived.get(line, frozenset())) for line in lines]


async def _gap(log: BanksLog, archive: Archive, line: str, archived: frozenset[int]) -> ArchiveGap:
    history = log.activations.history(line)
    logged = len(history)
    common = max((epoch for epoch in archived if epoch <= logged), default=None)
    forked = common is not None and (await archive.read(line, common)).value != history[common - 1].value
    # Nobody archives an epoch that no trusted writer made.
    ours = [entry.epoch for entry in history if entry.activation is not None]
    return ArchiveGap(
        line=line,
        logged=logged,
        absent=tuple(sorted(epoch for epoch in archived if epoch > logged)),
        unarchived=tuple(epoch for epoch in ours if epoch not in archived),
        forked=forked,
    )
