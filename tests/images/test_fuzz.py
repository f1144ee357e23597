"""Five hundred damaged images: each is decoded or refused with a reason, and the same way twice."""

import random
from collections.abc import Sequence

import pytest

from service.images.decode import ImageLimits, decode
from service.images.unreadable import UnreadableImage
from tests.images.encoded import specimens

SPECIMENS = sorted(specimens().items())
LIMITS = ImageLimits(max_pixels=1_000_000, max_bytes=1_000_000)
HEADER = 64


def damaged(seed: int, among: Sequence[tuple[str, bytes]] = SPECIMENS) -> bytes:
    """One of the pictures in turn, damaged in a way that follows from the seed."""
    rng = random.Random(seed)
    data = bytearray(among[seed % len(among)][1])
    kind = rng.choice(["flip", "flip-header", "cut", "magic", "splice", "grow", "none"])
    if kind in ("flip", "flip-header"):
        for _ in range(rng.randint(1, 12)):
            data[rng.randrange(HEADER if kind == "flip-header" else len(data))] ^= 1 << rng.randrange(8)
    elif kind == "cut":
        del data[rng.randrange(len(data)) :]
    elif kind == "magic":
        data[:4] = rng.randbytes(4)
    elif kind == "splice":
        at = rng.randrange(len(data))
        data[at : at + rng.randint(1, 40)] = rng.randbytes(rng.randint(0, 80))
    elif kind == "grow":
        data += rng.randbytes(rng.randint(1, 40))
    return bytes(data)


def outcome(data: bytes) -> tuple[object, ...]:
    try:
        picture = decode(data, LIMITS)
    except UnreadableImage as refusal:
        return refusal.reason, str(refusal)
    assert picture.pixels.size <= 3 * LIMITS.max_pixels
    return picture.header, picture.pixels.tobytes()


@pytest.mark.parametrize("first", range(0, 500, 50))
def test_damaged_images_are_decoded_or_refused_the_same_way_twice(first: int) -> None:
    for seed in range(first, first + 50):
        assert outcome(damaged(seed)) == outcome(damaged(seed)), seed


def test_fuzzing_reaches_both_ends() -> None:
    kinds = {type(outcome(damaged(seed))[0]).__name__ for seed in range(60)}
    assert kinds == {"ImageHeader", "DeadLetterReason"}
