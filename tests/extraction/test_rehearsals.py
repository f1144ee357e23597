"""No frame waits for what a device does only once. By its full name a CPU counts as a device."""

from pathlib import Path

import pytest
import torch

from service.backbones.base import Backbone, Batch
from service.backbones.loading import load_backbone
from service.backbones.network import Network
from service.images.contract import InputContract
from service.images.picture import PictureForm
from service.inspection.extractor import PatchExtractor
from service.settings import EngineSettings, InspectorSettings, Settings
from tests.extraction.lines import GOOD, RECIPE, on_disk
from workers.extraction.engine import Engine
from workers.extraction.entry import Candidate
from workers.extraction.protocol import FrameIn, Judged, Load, Loaded
from workers.extraction.rehearsals import REHEARSED, Rehearsals


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


@pytest.mark.parametrize(("max_batch", "sizes"), [(2, [2, 1]), (6, [8, 4, 2, 1]), (8, [8, 4, 2, 1])])
def test_a_device_has_computed_every_size_before_the_first_frame(
    tmp_path: Path, batches: list[int], max_batch: int, sizes: list[int]
) -> None:
    on_disk(tmp_path, "line1")  # Taught.
    batches.clear()
    one = engine("cpu:0", max_batch)
    serve(one, tmp_path, "line1")
    # Golden pictures are looked at one by one before.
    assert batches[-len(sizes) :] == sizes
    assert set(batches[: -len(sizes)]) == {1}
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


FORMS = (
    PictureForm(400, 300, "grey", 8, 200),
    PictureForm(400, 300, "colour", 8, 200),
    PictureForm(400, 300, "colour", 16, 900),
    PictureForm(400, 300, "colour", 16, 4000),
)


def extractors(backbone: Backbone) -> list[PatchExtractor]:
    """Of twenty kinds of line."""
    recipes = [RECIPE.model_copy(update={"input_pixels": side * side}) for side in (64, 96, 128, 160, 192)]
    return [
        PatchExtractor(backbone, recipe, InputContract.learn([form], recipe))
        for recipe in recipes
        for form in FORMS
    ]


def test_every_kind_of_line_is_rehearsed_as_far_as_recordings_go(batches: list[int]) -> None:
    backbone = load_backbone(RECIPE.backbone, RECIPE.stages, device="cpu:0")
    rehearsals, served = Rehearsals(8), extractors(backbone)
    for extractor in served:
        rehearsals.hold(extractor)
    assert batches == [8, 4, 2, 1] * 16
    assert len(batches) == REHEARSED


def test_lines_that_are_served_no_more_leave_their_room_to_others(batches: list[int]) -> None:
    backbone = load_backbone(RECIPE.backbone, RECIPE.stages, device="cpu:0")
    rehearsals, served = Rehearsals(8), extractors(backbone)
    while served:
        rehearsals.hold(served.pop())
    assert batches == [8, 4, 2, 1] * 20


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
