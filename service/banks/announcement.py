"""The record that tells of a published bank."""

from datetime import datetime
from uuid import uuid5

from schemas.activation import Published
from schemas.cloudevents import cloudevent_headers
from schemas.frame import Headers
from schemas.ids import NAMESPACE
from service.banks.activation_log import KIND_HEADER, LINE_HEADER, PUBLISHED
from service.banks.bank_file import LoadedBank


def published_of(loaded: LoadedBank, at: datetime, bank_signature: str | None = None) -> Published:
    """What is told of a bank whose bytes are in the object store since ``at``."""
    manifest = loaded.manifest
    return Published(
        line=manifest.line,
        model=manifest.model,
        version=loaded.version,
        size_bytes=loaded.size_bytes,
        vectors=loaded.memory_bank.size,
        parts=len(manifest.parts),
        radius=manifest.selection_radius,
        bank_signature=bank_signature,
        published_at=at,
    )


def announcement_headers(published: Published) -> Headers:
    """The headers of the record."""
    line = published.line
    event = uuid5(NAMESPACE, f"published/{line}/{published.model}/{published.version}")
    return (
        (KIND_HEADER, PUBLISHED.encode()),
        (LINE_HEADER, line.encode()),
        *cloudevent_headers("banks", str(event), line, published.published_at),
    )
