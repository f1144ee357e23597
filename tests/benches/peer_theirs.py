"""anomalib's side of ``make bench-peer``: run by the Python of its own environment, with nothing of ours."""

# mypy: ignore-errors
import json
import sys
import time
from importlib import import_module
from pathlib import Path
from statistics import median


def main(folder: Path) -> dict:
    torch, cv2, numpy = import_module("torch"), import_module("cv2"), import_module("numpy")
    model_of = import_module("anomalib.models.image.patchcore.torch_model").PatchcoreModel
    auroc = import_module("torchmetrics.functional").auroc
    settings = json.loads((folder / "settings.json").read_text())
    torch.set_num_threads(settings["threads"])
    model = model_of(backbone="tf_efficientnet_lite0", layers=settings["layers"], pre_trained=False)
    _fill(model, torch, folder / "weights.pt")
    mean, std = 127 / 255, 128 / 255
    side = settings["side"]
    given = {
        name: [numpy.fromfile(path, numpy.uint8) for path in sorted((folder / name).iterdir())]
        for name in ("taught", "judged")
    }

    def batches(name):
        files = given[name]
        for at in range(0, len(files), settings["batch"]):
            few = files[at : at + settings["batch"]]
            pictures = [cv2.cvtColor(cv2.imdecode(data, cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB) for data in few]
            resized = [cv2.resize(each, (side, side), interpolation=cv2.INTER_AREA) for each in pictures]
            planes = torch.stack([torch.from_numpy(each).permute(2, 0, 1) for each in resized])
            yield pictures, planes.float().div(255).sub(mean).div(std)

    with torch.inference_mode():
        began = time.perf_counter()
        model.train()
        model.feature_extractor.eval()
        for _, batch in batches("taught"):
            model(batch)
        extracted = time.perf_counter()
        patches = torch.vstack(model.embedding_store)
        # For our selection from the same patches; not in anybody's time.
        numpy.save(folder / "patches.npy", patches.numpy())
        selecting = time.perf_counter()
        model.subsample_embedding(settings["coreset_share"])
        ended = time.perf_counter()
        model.eval()
        scores, spent = [], []
        begun = time.perf_counter()
        for pictures, batch in batches("judged"):
            found = model(batch)
            scores += found.pred_score.flatten().tolist()
            for picture, drawn in zip(pictures, found.anomaly_map, strict=True):
                _draw(cv2, picture, drawn.squeeze().numpy())
            spent.append(1000 * (time.perf_counter() - begun) / len(pictures))
            begun = time.perf_counter()
        nearest = [torch.cdist(part, model.memory_bank).amin(1).max() for part in patches.split(4096)]
    labels = torch.tensor(settings["defective"]).long()
    return {
        "fit_seconds": ended - began - (selecting - extracted),
        "coreset_seconds": ended - selecting,
        "kept": len(model.memory_bank),
        "frame_ms": median(spent),
        "radius": float(max(nearest)),
        # Between 0 and 1: beyond it torchmetrics takes them for logits, and all large ones for the same.
        "image_auroc": float(auroc(torch.tensor(scores) / max(scores), labels, task="binary")),
        "torch": torch.__version__,
    }


def _fill(model, torch, path):
    """The same weights, by name: what lies behind the last layer is not theirs."""
    network = model.feature_extractor.feature_extractor
    left = network.load_state_dict(torch.load(path, weights_only=True), strict=False)
    if left.missing_keys:
        raise SystemExit(f"the weights lack {left.missing_keys[:3]}")


def _draw(cv2, picture, drawn):
    drawn = cv2.resize(drawn, picture.shape[1::-1])
    level = (drawn - drawn.min()) / max(1e-6, drawn.max() - drawn.min())
    colours = cv2.applyColorMap((255 * level).astype("uint8"), cv2.COLORMAP_JET)
    return cv2.imencode(".png", cv2.addWeighted(picture, 0.6, colours, 0.4, 0))[1]


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(Path(sys.argv[1]))) + "\n")
