"""Which frames a sample keeps: told by the frame's own name, so every inspector and every retry agrees."""

from uuid import UUID

_PARTS = 1_000_000


def in_sample(frame_uid: UUID, share: float) -> bool:
    """Whether a frame is in the sample of this share. The uid is a hash of the frame, so the share is met
    whatever the frames are, and a larger share keeps all that a smaller one does."""
    return frame_uid.int % _PARTS < share * _PARTS
