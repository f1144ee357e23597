"""No frame waits for what a device does only once. By its full name a CPU counts as a device."""

from pathlib import Path

import pytest
import torch

from service.backbones.base import Batch
from service.backbones.network import Network
from service.settings import EngineSettings, InspectorSettings, Settings
from tests.extraction.lines import GOOD, on_disk
from workers.extraction.engine import Engine
from workers.extraction.entry import Candidate
from workers.extraction.protocol import FrameIn, Judged, Load, Loaded


@pytest.fixture
def batches(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The sizes that the network was given, in order."""
    seen: list[int] = []
    computed = Network.stages

    def stages(network: Network, batch: Batch) -> list[torch.Tensor]:
        seen.append(len(batch))
        return computed(network, batch)

    monkeypatch.setattr(Network, "stages", stages)
    return seen


def engine(device: str, max_batch: int = 8) -> Engine:
    inspector = InspectorSettings(max_batch=max_batch)
    return Engine(Settings(engine=EngineSettings(device=device, threads=1), inspector=inspector))


def serve(one: Engine, folder: Path, line: str) -> None:
    bank = on_disk(folder, line)
    request = Load(1, str(bank.path), bank.activation.to_bytes())
    candidate = one.load(request)
    assert isinstance(candidate, Candidate)
    assert isinstance(one.install(request, candidate), Loaded)


@pytest.mark.parametrize(("max_batch", "sizes"), [(1, [1]), (6, [1, 2, 4, 8]), (8, [1, 2, 4, 8])])
def test_a_device_has_computed_every_size_before_the_first_frame(
    tmp_path: Path, batches: list[int], max_batch: int, sizes: list[int]
) -> None:
    one = engine("cpu:0", max_batch)
    serve(one, tmp_path, "line1")
    assert batches[-len(sizes) :] == sizes
    frame = FrameIn("line1", GOOD)
    one.expect([frame])
    assert isinstance(one.score([frame])[0], Judged)


def test_lines_with_one_network_and_size_rehearse_once_and_a_cpu_never(
    tmp_path: Path, batches: list[int]
) -> None:
    for line in ("line1", "line2"):
        on_disk(tmp_path, line)  # Taught, which takes batches of eight too.
    batches.clear()
    one = engine("cpu:0")
    serve(one, tmp_path, "line1")
    serve(one, tmp_path, "line2")
    assert batches.count(8) == 1
    batches.clear()
    serve(engine("cpu"), tmp_path, "line1")
    assert not {2, 4, 8} & set(batches)


def test_a_device_without_room_for_a_full_batch_serves_smaller_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    computed = Network.stages

    def stages(network: Network, batch: Batch) -> list[torch.Tensor]:
        if len(batch) > 2:
            raise torch.OutOfMemoryError("no room")
        return computed(network, batch)

    on_disk(tmp_path, "line1")  # Taught, while there is room.
    one = engine("cpu:0")
    with monkeypatch.context() as full:
        full.setattr(Network, "stages", stages)
        serve(one, tmp_path, "line1")
        assert isinstance(one.score([FrameIn("line1", GOOD)])[0], Judged)
