"""The banks of a line's models, in force or not, and which of each model's is the newest."""

from uuid import UUID

from schemas.activation import BANK_RECORD, Activated, Published
from service.signing.admission import refusal_of
from service.signing.statement import KeyUse
from service.signing.trust import Trust
from service.stream.base import Broker, Reader, Record
from workers.rebuilder.in_force import Standing

Bank = Activated | Published


class Lineage:
    """A pure fold over the banks log, so that every reader agrees on a model's ``head`` without a lock: what
    is put in force, and what was trained anew, becomes the head; a bank that grew out of another does only
    when that is the head still. So of two that grow one bank at once the first in the log counts, and the
    other has to grow that."""

    def __init__(self) -> None:
        self._heads: dict[str, Bank] = {}
        self._published: dict[str, list[Published]] = {}
        self._of_command: dict[str, dict[UUID, Published]] = {}

    def take(self, bank: Bank) -> None:
        """Take the next record of the line."""
        head = self._heads.get(bank.model)
        version = None if head is None else head.version
        if isinstance(bank, Published):
            self._published.setdefault(bank.model, []).append(bank)
            if bank.based_on not in (None, version):
                return
        grew = bank.version == version or (isinstance(bank, Published) and bank.based_on is not None)
        commands = self._of_command.setdefault(bank.model, {})
        if not grew:
            commands.clear()
        if isinstance(bank, Published) and bank.command_id is not None:
            commands[bank.command_id] = bank
        self._heads[bank.model] = bank

    def head(self, model: str) -> Bank | None:
        """The model's newest bank."""
        return self._heads.get(model)

    def published(self, model: str) -> list[Published]:
        """Every bank of a model that was ever published, the oldest first."""
        return self._published.get(model, [])

    def of_command(self, model: str, command_id: UUID) -> Published | None:
        """What a command grew, where the head of its model is that or grew out of it."""
        return self._of_command.get(model, {}).get(command_id)


async def read_lineage(broker: Broker, topic: str, standing: Standing, trust: Trust) -> Lineage:
    """What somebody who is trusted published on a line, and put in force there up to ``standing``. Reads the
    whole log: for rare questions. Raises ``StreamError``."""
    reader = await broker.reader(topic)
    try:
        records = await _published(reader, standing.line, trust)
    finally:
        await reader.close()
    for entry in standing.history:
        if entry.activation is not None:
            records[entry.offset] = entry.activation
    lineage = Lineage()
    for offset in sorted(records):
        lineage.take(records[offset])
    return lineage


async def _published(reader: Reader, line: str, trust: Trust) -> dict[int, Bank]:
    (begin, end) = (await reader.bounds())[0]
    found: dict[int, Bank] = {}
    position = begin
    while position < end:
        for record in await reader.poll(timeout_ms=200, max_records=1000):
            position = record.offset + 1
            bank = _bank_in(record)
            ours = isinstance(bank, Published) and bank.line == line
            if ours and bank is not None and refusal_of(record, KeyUse.BANKS, trust) is None:
                found[record.offset] = bank
    return found


def _bank_in(record: Record) -> Bank | None:
    try:
        value = BANK_RECORD.validate_json(record.value or b"")
    except ValueError:
        return None
    return value if isinstance(value, Published) else None
