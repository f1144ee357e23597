"""Names and ids: refused when they break their rule, never sanitised; made of no clock and no chance."""

import hashlib
import re
from typing import Annotated
from uuid import UUID, uuid5

from pydantic import StringConstraints

LINE_PATTERN = r"^[a-z0-9][a-z0-9-]{0,62}$"
FRAME_ID_PATTERN = r"^[A-Za-z0-9._:-]{1,128}$"
SHA256_PATTERN = r"^[0-9a-f]{64}$"

LineId = Annotated[str, StringConstraints(pattern=LINE_PATTERN)]
ModelName = Annotated[str, StringConstraints(pattern=LINE_PATTERN)]
FrameId = Annotated[str, StringConstraints(pattern=FRAME_ID_PATTERN)]
Version = Annotated[str, StringConstraints(pattern=SHA256_PATTERN)]

# Fixed for ever: every frame_uid and alert_id in every log of every user hangs on it.
NAMESPACE = UUID("5b0f3f6e-8f0a-5d0b-9a51-2f1c6c0e7a11")


def sha256_hex(data: bytes) -> str:
    """The sha256 of the bytes, as 64 lower-case hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


def is_line_id(text: str) -> bool:
    """Whether the text is a line id: ``[a-z0-9][a-z0-9-]{0,62}``."""
    return re.fullmatch(LINE_PATTERN[1:-1], text) is not None


def is_frame_id(text: str) -> bool:
    """Whether the text is a frame id: ``[A-Za-z0-9._:-]{1,128}``."""
    return re.fullmatch(FRAME_ID_PATTERN[1:-1], text) is not None


def is_sha256(text: str) -> bool:
    """Whether the text is a sha256 in lower-case hexadecimal."""
    return re.fullmatch(SHA256_PATTERN[1:-1], text) is not None


def default_frame_id(partition: int, offset: int, sha256: str) -> str:
    """The frame id of a frame whose producer gave none."""
    return f"{partition}-{offset}-{sha256[:12]}"


def frame_uid(line: str, frame_id: str, sha256: str) -> UUID:
    """The id that names a frame's effects: a reused frame id with other bytes is another frame."""
    return uuid5(NAMESPACE, f"{line}/{frame_id}/{sha256}")


def alert_id(uid: UUID) -> UUID:
    """The id of the alert of a frame: the same however often the alert is made."""
    return uuid5(NAMESPACE, f"alert/{uid}")
