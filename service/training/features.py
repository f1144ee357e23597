"""Parts' features in the object store, so that a bank is built again without extracting anything."""

import hashlib
import json

import numpy as np
from numpy.typing import NDArray

from service.banks.manifest import Manifest
from service.banks.refusal import BankRefused
from service.banks.tensors import pack, unpack
from service.images.contract import InputContract
from service.patchcore.recipe import Recipe
from service.store import MissingObject, ObjectStore
from service.store.keys import features_key

PartFeatures = NDArray[np.float16]
"""[H, W, D] of one part, before any whitening. Rounded at once: a bank made from the cache equals one made
from the pictures."""

_NAME = "features"
_FIELDS = frozenset({"backbone", "stages", "patch_mean", "grid_stride"})


def contract_hash(recipe: Recipe, contract: InputContract, weights_sha256: str) -> str:
    """Names everything that features depend on beside the picture; equal hashes, equal features."""
    depends: dict[str, object] = {
        "recipe": recipe.model_dump(mode="json", include=set(_FIELDS)),
        "contract": contract.model_dump(mode="json"),
        "weights": weights_sha256,
    }
    # Not told of one look: what was kept before there were several is still found.
    if (looks := contract.looks(recipe)) > 1:
        depends["looks"] = looks
    text = json.dumps(depends, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


class FeatureCache:
    """The features of one model's parts. What is missing or spoilt is None: extract it again."""

    def __init__(self, store: ObjectStore, manifest: Manifest) -> None:
        self._store = store
        self._manifest = manifest
        self._hash = contract_hash(manifest.recipe, manifest.contract, manifest.weights_sha256)

    async def get(self, part_sha256: str) -> PartFeatures | None:
        """A part's features. Waits for the store; raises ``StoreError`` when it cannot be reached."""
        try:
            return self._usable(unpack_features(await self._store.get(self._key(part_sha256))))
        except (MissingObject, BankRefused):
            return None

    async def put(self, part_sha256: str, features: PartFeatures) -> None:
        """Keep a part's features. Raises ``StoreError``."""
        await self._store.put(self._key(part_sha256), pack_features(features))

    def _key(self, part_sha256: str) -> str:
        return features_key(self._manifest.line, self._manifest.model, part_sha256, self._hash)

    def _usable(self, features: PartFeatures) -> PartFeatures | None:
        fits = features.ndim == 3 and features.shape[:2] == self._manifest.grid
        return features if fits and np.isfinite(features).all() else None


def pack_features(features: PartFeatures) -> bytes:
    """One part's features as a safetensors file."""
    return pack({_NAME: features}, "")


def unpack_features(data: bytes) -> PartFeatures:
    """Raises ``BankRefused`` for bytes that are no features."""
    arrays, _ = unpack(data, {_NAME: np.dtype(np.float16)})
    return arrays[_NAME]
