"""A producer that signs all it writes."""

from schemas.frame import Headers
from service.signing.signer import Signer
from service.stream.base import Placed, Producer


class SignedProducer:
    """A ``Producer`` whose records each carry their signature. Every record needs a line as its key."""

    def __init__(self, producer: Producer, signer: Signer) -> None:
        self._producer, self._signer = producer, signer

    async def send(
        self,
        topic: str,
        *,
        key: bytes | None,
        value: bytes | None,
        headers: Headers = (),
        partition: int | None = None,
    ) -> Placed:
        """As ``Producer.send``; raises ``ValueError`` for a record without key or value too."""
        if key is None or value is None:
            raise ValueError("a signed record has a key and a value: give both")
        signed = (*headers, *self._signer.record(key.decode(), value))
        return await self._producer.send(topic, key=key, value=value, headers=signed, partition=partition)

    async def close(self) -> None:
        """Close the producer beneath."""
        await self._producer.close()
