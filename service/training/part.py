"""A good part: its picture's bytes, under a name that people know it by."""

from dataclasses import dataclass
from typing import Self

from schemas.ids import sha256_hex
from service.banks.manifest import PartEntry
from service.images.decode import ImageLimits, decode
from service.images.picture import PictureForm
from service.images.unreadable import UnreadableImage
from service.training.refusal import TrainingRefused

NAME_LENGTH = 256
# What a frame may have when it comes by reference: a line can send what it was trained on.
LIMITS = ImageLimits(max_bytes=32 * 2**20)


@dataclass(frozen=True, slots=True)
class GoodPart:
    """Bytes that were decoded once, and what was seen then. The pixels are not kept: a thousand parts of
    twelve megapixels would fill the memory."""

    name: str
    sha256: str
    data: bytes
    form: PictureForm
    part_id: str | None = None

    @classmethod
    def of(cls, name: str, data: bytes, part_id: str | None = None) -> Self:
        """Pictures with one ``part_id`` are of one part. Blocks for the decoding. Raises ``TrainingRefused``
        for bytes that are no readable image."""
        try:
            form = decode(data, LIMITS).form()
        except UnreadableImage as error:
            raise TrainingRefused(
                f"{name} is no readable image ({str(error).rstrip('.')}): remove it or save it again"
            ) from error
        return cls(name, sha256_hex(data), data, form, part_id)

    @property
    def entry(self) -> PartEntry:
        """How a bank's manifest lists the part."""
        return PartEntry(
            sha256=self.sha256, name=self.name[:NAME_LENGTH], part_id=self.part_id, origin="trained"
        )
