"""What an owner and its extraction worker say to each other: msgpack in length-prefixed frames.

Never pickle: the worker decodes hostile bytes, so its owner must be able to read what it says safely.
"""

from typing import Literal

import msgspec

MAX_MESSAGE_BYTES = 2**31 - 1
PREFIX_BYTES = 4
Precision = Literal["float32", "bfloat16", "float16"]


class _Message(msgspec.Struct, frozen=True, tag=True):
    request: int


class Load(_Message, frozen=True, tag=True):
    """Put the bank in the file in force on a line. ``activation`` is the JSON of an Activated."""

    path: str
    activation: bytes


class Drop(_Message, frozen=True, tag=True):
    """Forget a line's bank."""

    line: str


class FrameIn(msgspec.Struct, frozen=True):
    """One frame to score."""

    line: str
    data: bytes


class Score(_Message, frozen=True, tag=True):
    """Judge the frames as one batch, under the banks in force when it begins."""

    frames: list[FrameIn]


class Extract(_Message, frozen=True, tag=True):
    """The patch features of images under a recipe and an input contract, each given as JSON, in the
    arithmetic that the bank was made with."""

    images: list[bytes]
    recipe: bytes
    contract: bytes
    precision: Precision


class Probe(_Message, frozen=True, tag=True):
    """Extract a built-in good image: does the device still work?"""


Request = Load | Drop | Score | Extract | Probe


class Judged(msgspec.Struct, frozen=True, tag=True):
    """A scored frame. Regions are x, y, width, height in pixels of the frame, and score; ``nearest`` are part
    (sha256), row of the bank's vectors, and distance of what the worst patch comes nearest to."""

    model: str
    version: str
    epoch: int
    verdict: str
    score: float
    p_value: float
    alpha: float
    threshold: float
    review_threshold: float
    regions: list[tuple[int, int, int, int, float]]
    width: int
    height: int
    heatmap: bytes | None = None
    nearest: list[tuple[str, int, float]] = []


class Unfit(msgspec.Struct, frozen=True, tag=True):
    """A readable frame that cannot be judged; ``reason`` is a FaultReason."""

    reason: str
    width: int
    height: int


class Unreadable(msgspec.Struct, frozen=True, tag=True):
    """Bytes that are no image; ``reason`` is a DeadLetterReason."""

    reason: str
    sentence: str


Outcome = Judged | Unfit | Unreadable


class Ready(_Message, frozen=True, tag=True):
    """The worker has started."""

    device: str


class Loaded(_Message, frozen=True, tag=True):
    """The bank is in force from the next batch on."""


class Refused(_Message, frozen=True, tag=True):
    """A bank was not put in force; the old one stays."""

    reason: str
    sentence: str


class Scored(_Message, frozen=True, tag=True):
    """One outcome a frame, in order, and the seconds that the batch spent in each stage."""

    outcomes: list[Outcome]
    seconds: dict[str, float] = {}


class Features(msgspec.Struct, frozen=True, tag=True):
    """Patch features of one image: fp16, row by row, of shape (rows, columns, dim)."""

    rows: int
    columns: int
    dim: int
    data: bytes


class Extracted(_Message, frozen=True, tag=True):
    """One answer an image, in order."""

    parts: list[Features | Unfit | Unreadable]


class Failed(_Message, frozen=True, tag=True):
    """The request could not be carried out: the device, or a mistake of ours."""

    sentence: str


Answer = Ready | Loaded | Refused | Scored | Extracted | Failed

_encoder = msgspec.msgpack.Encoder()
_requests: msgspec.msgpack.Decoder[Request] = msgspec.msgpack.Decoder(Request)
_answers: msgspec.msgpack.Decoder[Answer] = msgspec.msgpack.Decoder(Answer)


def frame(message: Request | Answer) -> bytes:
    """The message with its length before it."""
    body = _encoder.encode(message)
    return len(body).to_bytes(PREFIX_BYTES, "big") + body


def parse_request(body: bytes) -> Request:
    """Raises ``msgspec.DecodeError`` when the body is no request."""
    return _requests.decode(body)


def parse_answer(body: bytes) -> Answer:
    """Raises ``msgspec.DecodeError`` when the body is no answer."""
    return _answers.decode(body)
