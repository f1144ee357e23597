"""The object store: frames, heatmaps, parts, banks and activations, in a folder, in S3 or in memory."""

from service.store.errors import MissingObject, ObjectTooLarge, StoreError, StoreUnreachable
from service.store.object_store import Listed, ObjectStore
from service.store.open import open_store

__all__ = [
    "Listed",
    "MissingObject",
    "ObjectStore",
    "ObjectTooLarge",
    "StoreError",
    "StoreUnreachable",
    "open_store",
]
