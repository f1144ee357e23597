"""Dead letters as people work through them: listed, and settled once dropped or replayed.

A log forgets no single record, so that a letter is settled stands in the object store, by the frame's place.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Literal

from schemas.dead_letter import DeadLetter
from schemas.frame import FRAME_HEADERS, FrameHeaders, Headers
from schemas.ids import is_line_id
from service.store import ObjectStore
from service.stream.base import Broker, Record
from workers.replayer.selection import Selection, every_record

SETTLED = "settled-letters"
State = Literal["open", "dropped", "replayed"]


@dataclass(frozen=True, slots=True)
class Letter:
    """A dead letter, without its bytes. ``id`` is its frame's ``partition/offset``."""

    told: DeadLetter
    line: str | None
    size_bytes: int
    headers: FrameHeaders
    partition: int
    offset: int
    state: State

    @property
    def id(self) -> str:
        return f"{self.told.source_partition}/{self.told.source_offset}"


async def letters(broker: Broker, store: ObjectStore, topic: str, wanted: Selection) -> AsyncIterator[Letter]:
    """Those that are meant, each frame's once, settled ones too. Raises ``StreamError``, ``StoreError``."""
    states = await _states(store)
    seen: set[str] = set()
    async for record in every_record(broker, topic):
        letter = _letter(record, states)
        if letter is None or letter.id in seen:
            continue
        seen.add(letter.id)
        if wanted.wants(letter.line, letter.told.reason.value, letter.told.set_aside_at):
            yield letter


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


async def _states(store: ObjectStore) -> dict[str, State]:
    found: dict[str, State] = {}
    async for listed in store.list(SETTLED):
        told = (await store.get(listed.key)).decode()
        found[listed.key.removeprefix(f"{SETTLED}/")] = "replayed" if told == "replayed" else "dropped"
    return found


def _letter(record: Record, states: dict[str, State]) -> Letter | None:
    try:
        told = DeadLetter.from_headers(record.headers)
    except ValueError:
        return None  # Somebody else's record: it tells of no frame.
    line = (record.key or b"").decode(errors="replace")
    place = f"{told.source_partition}/{told.source_offset}"
    return Letter(
        told,
        line if is_line_id(line) else None,
        len(record.value or b""),
        _sound(record.headers),
        record.partition,
        record.offset,
        states.get(place, "open"),
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
