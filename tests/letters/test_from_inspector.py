"""What an inspector sets aside can be sent again with all that it said."""

import random

from schemas.reasons import DeadLetterReason
from service.letters.letters import letters
from service.letters.resend import resend_letter
from service.letters.selection import Selection, every_record
from service.settings import StoreSettings
from service.store import open_store
from service.stream.base import Record
from service.stream.memory import MemoryBroker
from tests.inspector.test_first_verdicts import FRAMES, PREFIX, broker, inspector
from workers.inspector.job import Rejected

__all__ = ["broker"]


async def test_a_frame_that_was_set_aside_comes_again_under_its_own_name(broker: MemoryBroker) -> None:
    effects, _ = await inspector(broker, random.Random(1))
    headers = (("frame-id", b"part-1"), ("part-id", b"p1"), ("x-vendor", b"noise"))
    record = Record(FRAMES, 0, 7, 1_000, b"line1", b"no image", headers)
    await effects.set_aside(record, Rejected(DeadLetterReason.NOT_AN_IMAGE))
    store, topic = open_store(StoreSettings(url="memory://")), f"{PREFIX}dead-letters"
    (letter,) = [found async for found in letters(broker, store, topic, Selection())]
    await resend_letter(broker, await broker.producer(), (topic, FRAMES), letter)
    (again,) = [record async for record in every_record(broker, FRAMES)]
    assert again.value == b"no image"
    assert dict(again.headers) == {"frame-id": b"part-1", "part-id": b"p1", "replay-of": b"frames/0/7"}
