"""Dead letters as people work through them: listed, and settled once dropped or replayed.

A log forgets no single record, so that a letter is settled stands in the object store, by the frame's place.
"""

from collections.abc import AsyncIterator
from typing import Literal

from pydantic import BaseModel, ConfigDict

from schemas.dead_letter import DeadLetter
from schemas.frame import FRAME_HEADERS, FrameHeaders, Headers
from schemas.ids import is_line_id
from service.letters.selection import Selection, every_record
from service.store import ObjectStore
from service.stream.base import Broker, Record

SETTLED = "settled-letters"
State = Literal["open", "dropped", "replayed"]


class Letter(BaseModel):
    """A dead letter, without its bytes. ``id`` is its frame's ``partition/offset``; ``partition`` and
    ``offset`` are the letter's own."""

    model_config = ConfigDict(frozen=True)

    told: DeadLetter
    line: str | None
    size_bytes: int
    headers: FrameHeaders
    partition: int
    offset: int
    state: State = "open"

    @property
    def id(self) -> str:
        """Unique among dead letters, however often one was written."""
        return f"{self.told.source_partition}/{self.told.source_offset}"


async def letters(broker: Broker, store: ObjectStore, topic: str, wanted: Selection) -> AsyncIterator[Letter]:
    """Those that are meant, each frame's once, settled ones too. Raises ``StreamError``, ``StoreError``."""
    states = await Settled(store).states()
    seen: set[str] = set()
    async for record in every_record(broker, topic):
        letter = letter_of(record)
        if letter is None or letter.id in seen:
            continue
        seen.add(letter.id)
        if wanted.wants(letter.line, letter.told.reason.value, letter.told.set_aside_at):
            yield letter.model_copy(update={"state": states.get(letter.id, "open")})


async def settle(store: ObjectStore, letter: Letter, state: State) -> None:
    """Note what became of a letter."""
    await store.put(f"{SETTLED}/{letter.id}", state.encode())


async def value_of(broker: Broker, topic: str, letter: Letter) -> bytes:
    """The bytes in the letter's own record; raises ``LookupError`` when it has expired meanwhile."""
    reader = await broker.reader(topic, partitions=frozenset({letter.partition}))
    try:
        reader.seek(letter.partition, letter.offset)
        records = await reader.poll(timeout_ms=5000, max_records=1)
    finally:
        await reader.close()
    if not records or records[0].offset != letter.offset:
        raise LookupError(f"dead letter {letter.id} is no longer kept")
    return records[0].value or b""


class Settled:
    """What became of letters, by id: a settled one stays so, so each is read from the store once."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store
        self._known: dict[str, State] = {}

    async def states(self) -> dict[str, State]:
        """Those that are not open. Waits for the store; raises ``StoreError``."""
        async for listed in self._store.list(SETTLED):
            name = listed.key.removeprefix(f"{SETTLED}/")
            if name not in self._known:
                told = (await self._store.get(listed.key)).decode()
                self._known[name] = "replayed" if told == "replayed" else "dropped"
        return self._known


def letter_of(record: Record) -> Letter | None:
    """The letter in a record of the topic, taken for open; None in somebody else's record."""
    try:
        told = DeadLetter.from_headers(record.headers)
    except ValueError:
        return None  # Somebody else's record: it tells of no frame.
    line = (record.key or b"").decode(errors="replace")
    return Letter(
        told=told,
        line=line if is_line_id(line) else None,
        size_bytes=len(record.value or b""),
        headers=_sound(record.headers),
        partition=record.partition,
        offset=record.offset,
    )


def _sound(headers: Headers) -> FrameHeaders:
    """The frame's own headers, without those that break their rule."""
    sound: Headers = ()
    for name, value in headers:
        try:
            FrameHeaders.parse(((name, value),))
        except ValueError:
            continue
        sound += ((name, value),) if name in FRAME_HEADERS else ()
    return FrameHeaders.parse(sound)
