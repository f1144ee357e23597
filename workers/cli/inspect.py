"""``patchline inspect``: pictures held against a bank file, without a broker."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from workers.cli.findings import Finding, tell_findings
from workers.cli.options import AsJson

if TYPE_CHECKING:
    from service.banks.bank_file import LoadedBank
    from service.images.decode import ImageLimits
    from service.inspection.judgement import Draw
    from service.inspection.line_model import LineModel
    from service.settings import Settings


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(epilog="Example: patchline inspect line1.bank photos/*.png --heatmaps out")(inspect)


def inspect(
    bank: Annotated[Path, typer.Argument(metavar="BANK", help="A bank file, from `patchline train --out`.")],
    images: Annotated[list[Path], typer.Argument(metavar="IMAGE...", help="Pictures, or folders of them.")],
    heatmaps: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Draw a heatmap of each picture into this folder.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Judge pictures by a bank file: verdict, score, p-value and regions of each.

    Exits with 0 also for defects; with 2 when a picture or the bank cannot be read.
    """
    from workers.cli.failures import Refused
    from workers.cli.installation import command_settings

    settings = command_settings()
    paths = _pictures(images)
    loaded = _load(bank)
    model = _model(settings, loaded)
    findings = list(_judge(model, paths, _limits(settings), heatmaps))
    tell_findings(loaded, model, findings, as_json=as_json)
    unreadable = [finding for finding in findings if finding.unreadable]
    if unreadable:
        first = unreadable[0]
        more = f"; {len(unreadable) - 1} more cannot either" if len(unreadable) > 1 else ""
        raise Refused(f"{first.path} cannot be read ({first.sentence.rstrip('.')}): save it again{more}")


def _pictures(images: list[Path]) -> list[Path]:
    from workers.camera.files import pictures_in
    from workers.cli.failures import Refused

    found = [path for image in images for path in (pictures_in(image) if image.is_dir() else [image])]
    if not found:
        raise Refused(f"{images[0]} has no pictures: name a folder with JPEG, PNG, BMP, TIFF or WebP files")
    return found


def _load(bank: Path) -> "LoadedBank":
    from service.banks.bank_file import read_bank
    from service.banks.refusal import BankRefused
    from workers.cli.failures import Refused

    try:
        return read_bank(bank)
    except OSError as error:
        raise Refused(
            f"bank {bank} cannot be read ({error.strerror}): name a file of `train --out`"
        ) from error
    except BankRefused as refused:
        raise Refused(f"{bank} is refused: {refused.sentence}") from refused


def _model(settings: "Settings", loaded: "LoadedBank") -> "LineModel":
    from service.training.thresholds import thresholds_of
    from workers.cli.scoring import ready_model

    return ready_model(settings, loaded, thresholds_of(loaded.memory_bank.calibration_scores))


def _limits(settings: "Settings") -> "ImageLimits":
    from service.images.decode import ImageLimits

    return ImageLimits(settings.inspector.max_pixels, settings.inspector.max_reference_bytes)


def _judge(
    model: "LineModel", paths: list[Path], limits: "ImageLimits", heatmaps: Path | None
) -> Iterator[Finding]:
    from workers.cli.progress import progress_bars

    targets = _targets(paths, heatmaps)
    with progress_bars({"judge": "Judging"}) as tell:
        for number, path in enumerate(paths, start=1):
            yield _judge_one(model, path, limits, targets.get(path))
            tell("judge", number, len(paths))


def _judge_one(model: "LineModel", path: Path, limits: "ImageLimits", target: Path | None) -> Finding:
    from service.images.decode import decode
    from service.images.unreadable import UnfitImage, UnreadableImage

    draw: Draw = "none" if target is None else "all"
    try:
        judgement = model.judge(decode(path.read_bytes(), limits), draw=draw)
    except OSError as error:
        return Finding(path, "unreadable", reason="no-file", sentence=error.strerror or str(error))
    except UnreadableImage as error:
        return Finding(path, "unreadable", reason=error.reason.value, sentence=str(error))
    except UnfitImage as error:
        return Finding(path, "fault", reason=error.reason.value, sentence=str(error))
    if target is not None and judgement.heatmap is not None:
        target.write_bytes(judgement.heatmap)
    return Finding(path, judgement.verdict.value, judgement, heatmap=target)


def _targets(paths: list[Path], heatmaps: Path | None) -> dict[Path, Path]:
    """Where each heatmap goes: under the picture's name, numbered where folders have a name in common."""
    if heatmaps is None:
        return {}
    heatmaps.mkdir(parents=True, exist_ok=True)
    taken: Counter[str] = Counter()
    targets = {}
    for path in dict.fromkeys(paths):
        taken[path.name] += 1
        number = f"-{taken[path.name]}" if taken[path.name] > 1 else ""
        targets[path] = heatmaps / f"{path.name}{number}.heatmap.png"
    return targets
