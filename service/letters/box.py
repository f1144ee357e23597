"""The box of dead letters as a page works with it: bytes to look at, letters sent again or let go."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from schemas.topics import TOPICS, TopicKind
from service.letters.letters import Letter, Settled, State, settle, value_of
from service.letters.resend import CannotReplay, resend_letter
from service.store import MissingObject, ObjectStore
from service.stream.base import Broker, Producer


@dataclass(frozen=True, slots=True)
class Handled:
    """The ids of letters that were settled, and a sentence for each that was not."""

    done: list[str] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)


class LetterBox:
    """Broker and store behind the letters. Methods wait for both, and raise
    ``StreamError`` and ``StoreError``."""

    def __init__(self, broker: Broker, producer: Producer, store: ObjectStore, topic_prefix: str) -> None:
        self._broker, self._producer, self._store = broker, producer, store
        self._topics = tuple(TOPICS[kind].name(topic_prefix) for kind in _KINDS)
        self._settled = Settled(store)

    async def states(self) -> dict[str, State]:
        """What became of letters, by id; those left out are open."""
        return await self._settled.states()

    async def bytes_of(self, letter: Letter, max_bytes: int) -> bytes:
        """The message's own bytes. Raises ``LookupError`` when they are no longer kept, ``StoreError`` when
        they are more than ``max_bytes``."""
        reference = letter.told.original_ref
        if reference is None:
            return await value_of(self._broker, self._topics[0], letter)
        try:
            return await self._store.get(reference.partition("/")[2], max_bytes=max_bytes)
        except MissingObject as error:
            raise LookupError(f"the bytes of dead letter {letter.id} are no longer stored") from error

    async def replay(self, letters: Sequence[Letter], as_line: str | None = None) -> Handled:
        """Send each again as a new frame; ``as_line`` stands in where one has no line. One that cannot be
        sent stays open."""
        handled = Handled()
        for letter in letters:
            try:
                topics = self._topics[0], self._topics[1]
                await resend_letter(self._broker, self._producer, topics, letter, as_line)
            except (CannotReplay, LookupError) as error:
                handled.skipped.append(str(error))
                continue
            await settle(self._store, letter, "replayed")
            handled.done.append(letter.id)
        return handled

    async def drop(self, letters: Sequence[Letter]) -> Handled:
        """List them no longer. Their bytes stay until the topic forgets them."""
        for letter in letters:
            await settle(self._store, letter, "dropped")
        return Handled([letter.id for letter in letters])


_KINDS = (TopicKind.DEAD_LETTERS, TopicKind.FRAMES)
