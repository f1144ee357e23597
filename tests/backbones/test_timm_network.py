from pathlib import Path

import numpy as np
import pytest
import timm
import torch
from numpy.typing import NDArray
from safetensors.torch import save_file

from service.backbones.loading import load_backbone
from service.backbones.precision import chosen
from service.backbones.refusal import NonFiniteFeatures, UnfitWeights
from service.backbones.source import WHEELS
from service.backbones.weights import sha256_of

LITE = "tf_efficientnet_lite0"


@pytest.fixture(autouse=True)
def hub_cache(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty cache of timm's hub, and no way out of this machine."""
    folder = tmp_path_factory.mktemp("hub")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(folder))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    return folder


def batch(count: int = 2, height: int = 64, width: int = 96) -> NDArray[np.float32]:
    return np.random.default_rng(0).standard_normal((count, 3, height, width)).astype(np.float32)


def test_stages_come_finest_first_at_their_strides() -> None:
    backbone = load_backbone(LITE, (4, 8, 16))
    stages = backbone.stages(batch())
    for stage, stride, channels in zip(stages, backbone.strides, backbone.channels, strict=True):
        assert stage.shape == (2, channels, 64 // stride, 96 // stride)
        assert stage.dtype == torch.float32
        assert not stage.requires_grad


def test_folded_network_gives_what_timms_own_gives() -> None:
    reference = timm.create_model(LITE, features_only=True, out_indices=(2, 3)).eval()
    tensors = torch.load(WHEELS[LITE].locate(), weights_only=True)
    full = timm.create_model(LITE)
    named = dict(zip(full.state_dict(), tensors.values(), strict=True))
    reference.load_state_dict({key: named[key] for key in reference.state_dict()})
    with torch.inference_mode():
        expected = reference(torch.from_numpy(batch()))
    for stage, wanted in zip(load_backbone(LITE, (8, 16)).stages(batch()), expected, strict=True):
        torch.testing.assert_close(stage.contiguous(), wanted, rtol=1e-4, atol=1e-4)


def test_the_wheels_first_norm_centres_the_scale_that_we_feed() -> None:
    """The means that the first norm learned are those of photographs at (x - 127) / 128. At ImageNet's scale
    a photograph's mean is 0, and so would be these."""
    tensors = torch.load(WHEELS[LITE].locate(), weights_only=True)
    kernel_sums = tensors["_conv_stem.weight"].sum((2, 3))
    learned = tensors["_bn0.running_mean"]
    seen = torch.linalg.lstsq(kernel_sums, learned[:, None]).solution.flatten()
    assert float((kernel_sums @ seen - learned).norm() / learned.norm()) < 0.02
    assert (seen < -0.03).all()
    backbone = load_backbone(LITE, (8, 16))
    assert backbone.mean == (127 / 255,) * 3
    assert backbone.std == (128 / 255,) * 3


def test_the_plain_name_reads_the_same_weights_as_timm_does() -> None:
    plain, trained = load_backbone("efficientnet_lite0", (8, 16)), load_backbone(LITE, (8, 16))
    assert plain.weights_sha256 == trained.weights_sha256
    assert plain.mean == (0.485, 0.456, 0.406)
    assert (plain.stages(batch())[0] - trained.stages(batch())[0]).abs().max() > 0.1


def test_weights_are_named_by_their_files_sha256() -> None:
    assert load_backbone(LITE, (8, 16)).weights_sha256.startswith("57934424")
    assert load_backbone("tf_efficientnet_lite2", (16,)).weights_sha256.startswith("9656183e")


def test_equal_arguments_share_one_network() -> None:
    assert load_backbone(LITE, (8, 16)) is load_backbone(LITE, (8, 16))


def test_a_picture_does_not_depend_on_its_neighbours() -> None:
    backbone = load_backbone(LITE, (8, 16))
    pictures = batch(5)
    together = backbone.stages(pictures)
    for row in range(5):
        for stage, alone in zip(together, backbone.stages(pictures[row : row + 1]), strict=True):
            torch.testing.assert_close(stage[row : row + 1], alone, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("suffix", [".safetensors", ".pth"])
def test_a_local_file_is_read_by_name(tmp_path: Path, suffix: str) -> None:
    network = timm.create_model("resnet18", num_classes=7)
    path = tmp_path / f"weights{suffix}"
    if suffix == ".pth":
        torch.save({"state_dict": network.state_dict()}, path)
    else:
        save_file(network.state_dict(), path)
    backbone = load_backbone("resnet18", (8, 16), path)
    assert backbone.channels == (128, 256)
    assert backbone.mean == (0.485, 0.456, 0.406)
    with torch.inference_mode():
        wanted = network.eval().forward_intermediates(  # type: ignore[operator]
            torch.from_numpy(batch()), indices=[2], intermediates_only=True
        )
    torch.testing.assert_close(backbone.stages(batch())[0].contiguous(), wanted[0], rtol=1e-3, atol=1e-3)


def test_a_file_of_another_network_is_refused_in_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "weights.safetensors"
    save_file(timm.create_model("resnet18").state_dict(), path)
    with pytest.raises(UnfitWeights, match=r"another network than resnet34: \d+ of \d+ tensors"):
        load_backbone("resnet34", (8,), path)


def test_a_pickle_is_not_executed(tmp_path: Path) -> None:
    path = tmp_path / "weights.pth"
    torch.save({"state_dict": Path("x")}, path)
    with pytest.raises(UnfitWeights, match="no safetensors or state dict"):
        load_backbone("resnet18", (8,), path)


@pytest.mark.parametrize("suffix", [".safetensors", ".pth"])
@pytest.mark.parametrize("content", [b"", b"\x00" * 64, b"PK\x03\x04broken"])
def test_damaged_files_are_refused_in_a_sentence(tmp_path: Path, suffix: str, content: bytes) -> None:
    path = tmp_path / f"weights{suffix}"
    path.write_bytes(content)
    with pytest.raises(UnfitWeights, match="weights"):
        load_backbone("resnet18", (8,), path)


@pytest.mark.parametrize(
    ("name", "strides", "path", "sentence"),
    [
        ("resnet18", (8,), None, "name a local file"),
        ("no_such_network", (8,), None, "not known to timm"),
        (LITE, (7,), None, "no stage at stride 7"),
        ("resnet18", (8,), Path("/nowhere.pth"), "check the path"),
    ],
)
def test_what_cannot_be_loaded_is_named(
    name: str, strides: tuple[int, ...], path: Path | None, sentence: str
) -> None:
    with pytest.raises(UnfitWeights, match=sentence):
        load_backbone(name, strides, path)


def test_auto_is_bfloat16_only_where_the_processor_has_it(monkeypatch: pytest.MonkeyPatch) -> None:
    for native, expected in ((True, "bfloat16"), (False, "float32")):
        monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda native=native: native)
        monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda: False)
        assert chosen("auto", "cpu") == expected
        assert chosen("auto", "cuda:1") == "float16"
        assert chosen("float32", "cpu") == "float32"


def random_weights(path: Path, name: str) -> Path:
    save_file(timm.create_model(name).state_dict(), path)
    return path


@pytest.mark.parametrize(
    ("name", "strides"),
    [
        ("resnet18", (4, 8, 16)),
        ("convnext_atto", (8, 16)),
        ("mobilenetv3_small_050", (4, 16)),
        ("regnetx_002", (8, 16)),
        ("efficientvit_b0", (8, 16)),
        ("vit_tiny_patch16_224", (16,)),
    ],
)
def test_networks_of_every_family_stand_behind_the_one_port(
    tmp_path: Path, name: str, strides: tuple[int, ...]
) -> None:
    backbone = load_backbone(name, strides, random_weights(tmp_path / "weights.safetensors", name))
    stages = backbone.stages(batch())
    sizes = [tuple(stage.shape) for stage in stages]
    assert sizes == [(2, c, 64 // s, 96 // s) for s, c in zip(strides, backbone.channels, strict=True)]


@pytest.mark.parametrize(
    ("name", "strides", "sentence"),
    [
        ("inception_v3", (8,), "take one that pads its input"),
        ("tresnet_m", (2,), "take one that pads its input"),
        ("levit_128s", (16,), "cannot look at 96 x 128 pixels"),
    ],
)
def test_a_network_whose_stages_lie_elsewhere_is_refused(
    tmp_path: Path, name: str, strides: tuple[int, ...], sentence: str
) -> None:
    with pytest.raises(UnfitWeights, match=sentence):
        load_backbone(name, strides, random_weights(tmp_path / "weights.safetensors", name))


def test_a_folder_gives_each_network_its_own_file_and_the_wheels_go_on(tmp_path: Path) -> None:
    random_weights(tmp_path / "resnet18.safetensors", "resnet18")
    own = load_backbone("resnet18", (8,), tmp_path)
    assert own.weights_sha256 == sha256_of(tmp_path / "resnet18.safetensors")
    assert load_backbone(LITE, (8,), tmp_path).weights_sha256 == load_backbone(LITE, (8,)).weights_sha256
    with pytest.raises(UnfitWeights, match="No weights for resnet34"):
        load_backbone("resnet34", (8,), tmp_path)


def test_a_file_without_the_counters_of_batch_norm_is_whole(tmp_path: Path) -> None:
    tensors = timm.create_model("resnet18").state_dict()
    kept = {key: value for key, value in tensors.items() if not key.endswith("num_batches_tracked")}
    save_file(kept, tmp_path / "weights.safetensors")
    assert load_backbone("resnet18", (8,), tmp_path / "weights.safetensors").channels == (128,)


def cached(cache: Path, name: str, repository: str) -> Path:
    """Weights as huggingface_hub keeps them."""
    folder = cache / f"models--timm--{repository}"
    (folder / "refs").mkdir(parents=True)
    (folder / "refs" / "main").write_text("abc")
    (folder / "snapshots" / "abc").mkdir(parents=True)
    return random_weights(folder / "snapshots" / "abc" / "model.safetensors", name)


def test_timms_hub_is_read_from_the_cache_and_a_tag_chooses(hub_cache: Path) -> None:
    path = cached(hub_cache, "resnet18", "resnet18.tv_in1k")
    assert load_backbone("resnet18.tv_in1k", (8,)).weights_sha256 == sha256_of(path)
    with pytest.raises(UnfitWeights, match="No weights for resnet18 are on this machine"):
        load_backbone("resnet18", (8,))


def test_what_cannot_be_fetched_is_said_in_one_sentence() -> None:
    with pytest.raises(UnfitWeights, match=r"timm/resnet18.a1_in1k cannot be fetched \(.*name a local file"):
        load_backbone("resnet18", (8,), downloads=True)


def test_no_connection_is_opened_unless_downloads_are_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    def opened(*_: object) -> None:
        raise AssertionError("a connection was opened")

    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
    monkeypatch.setattr("socket.socket.connect", opened)
    with pytest.raises(UnfitWeights, match="No weights for resnet18"):
        load_backbone("resnet18", (8,))


def overflowing(path: Path, factor: float) -> Path:
    """A network whose first stages hold values that float16 does not."""
    tensors = timm.create_model("resnet18").state_dict()
    tensors["bn1.weight"] *= factor
    save_file(tensors, path)
    return path


def test_values_that_half_precision_cannot_hold_are_named_with_the_remedy(tmp_path: Path) -> None:
    path = overflowing(tmp_path / "weights.safetensors", 1e6)
    pictures = batch()
    assert torch.isfinite(load_backbone("resnet18", (8,), path).stages(pictures)[0]).all()
    with pytest.raises(NonFiniteFeatures, match=r"resnet18 .* in float16: set PATCHLINE_ENGINE__PRECISION"):
        load_backbone("resnet18", (8,), path, precision="float16").stages(pictures)


def test_weights_that_are_no_numbers_are_found_out(tmp_path: Path) -> None:
    path = overflowing(tmp_path / "weights.safetensors", float("nan"))
    with pytest.raises(NonFiniteFeatures, match="in float32: check the weights"):
        load_backbone("resnet18", (8,), path).stages(batch())
