"""Results that this rebuilder's key has not signed are written again, signed, before anything is carried out.

So those of before the installation had keys go on counting, and a key can be replaced: what the old one
signed counts after it is trusted no longer.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

import structlog

from schemas.line_event import LineEvent
from service.annals.annals import RESULTS
from service.ledger.scan import scan
from service.signing.refusal import SignatureRefused
from service.signing.signature import SIGNATURE_HEADER, Signature
from service.signing.signatures import Signatures
from service.signing.statement import KeyUse
from service.signing.trust import Trust
from service.stream.base import Broker, Record

_MAX_RECORDS = 2_000
_log = structlog.get_logger()


async def vouch(broker: Broker, topic: str, signatures: Signatures) -> int:
    """How many results were signed anew. Doing it again is safe: of a command's results the first that counts
    does. Waits for the broker; raises ``StreamError``."""
    signer = signatures.signer
    if signer is None:
        return 0
    found = _Found(signatures.trust, signer.key_id)
    reader, producer = await broker.reader(topic), await broker.producer()
    try:
        await scan(
            reader, await reader.bounds(), found.take, lambda _done, _all: None, max_records=_MAX_RECORDS
        )
        for event in found.unvouched():
            value = event.to_bytes()
            await producer.send(
                topic, key=event.line.encode(), value=value, headers=signer.event(event.line, value)
            )
    finally:
        await reader.close()
        await producer.close()
    count = len(found.unvouched())
    if count:
        _log.info("results signed anew", results=count, key=signer.key_id)
    return count


@dataclass(slots=True)
class _Found:
    """The results on the topic, by command, in the log's order."""

    trust: Trust
    own: str
    ours: set[UUID] = field(default_factory=set)
    others: dict[UUID, LineEvent] = field(default_factory=dict)
    unsigned: dict[UUID, LineEvent] = field(default_factory=dict)
    keyless: bool = True

    def take(self, records: Sequence[Record]) -> None:
        for record in records:
            self._take(record)

    def unvouched(self) -> list[LineEvent]:
        """Unsigned ones only of an installation that never signed any: afterwards they are a stranger's."""
        left = {**(self.unsigned if self.keyless else {}), **self.others}
        return [event for name, event in left.items() if name not in self.ours]

    def _take(self, record: Record) -> None:
        text = dict(record.headers).get(SIGNATURE_HEADER)
        try:
            event = LineEvent.from_bytes(record.value or b"")
        except ValueError:
            return
        if event.command_id is None or event.kind not in RESULTS:
            return
        if text is not None:
            self.keyless = False
        if text is None:
            self.unsigned.setdefault(event.command_id, event)
        elif self._trusted(record, event):
            signature = Signature.parse(text)
            if signature is not None and signature.key_id == self.own:
                self.ours.add(event.command_id)
            else:
                self.others.setdefault(event.command_id, event)

    def _trusted(self, record: Record, event: LineEvent) -> bool:
        try:
            self.trust.check_event(KeyUse.BANKS, event.line, record.value or b"", record.headers)
        except SignatureRefused:
            return False
        return True
