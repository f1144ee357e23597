"""Pictures of many lines judged at once: one pass of the network, a search in each line's own bank."""

from collections.abc import Iterable, Sequence

import numpy as np
import torch

from service.backbones.base import Batch
from service.images.picture import Picture
from service.images.unreadable import UnfitImage
from service.inspection.judgement import Draw, Judgement
from service.inspection.laps import Laps
from service.inspection.line_model import LineModel

Pair = tuple[LineModel, Picture]
Outcome = Judgement | UnfitImage


def judge_batch(model: LineModel, pictures: Sequence[Picture], *, draw: Draw = "flagged") -> list[Outcome]:
    """``judge_together`` for one model."""
    return judge_together([(model, picture) for picture in pictures], draw=draw)


def judge_together(
    pairs: Sequence[Pair], *, draw: Draw = "flagged", laps: Laps | None = None
) -> list[Outcome]:
    """A judgement for each pair, in order; an unfit picture gets its exception, returned and not raised.

    Pictures that share backbone and input size share the network's batch: the caller bounds how many. The
    judgements equal those of ``LineModel.judge`` within 1e-3 relative. Blocks for network, search, drawing,
    whose seconds ``laps`` is told. Raises NonFiniteFeatures, for all of them.
    """
    laps = laps or Laps()
    outcomes: dict[int, Outcome] = {}
    for position, pair in enumerate(pairs):
        if (unfit := _unfit(pair)) is not None:
            outcomes[position] = unfit
    fit = [position for position in range(len(pairs)) if position not in outcomes]
    for batch in _grouped((position, _network_of(pairs[position][0])) for position in fit):
        outcomes.update(_judge_network_batch(pairs, batch, draw, laps))
    return [outcomes[position] for position in range(len(pairs))]


def _unfit(pair: Pair) -> UnfitImage | None:
    model, picture = pair
    try:
        model.check(picture)
    except UnfitImage as unfit:
        return unfit
    return None


def _network_of(model: LineModel) -> tuple[int, tuple[int, int]]:
    return id(model.extractor.backbone), model.extractor.input_size


def _grouped(keyed: Iterable[tuple[int, object]]) -> list[list[int]]:
    """Positions with equal keys together, in the order of their first."""
    groups: dict[object, list[int]] = {}
    for position, key in keyed:
        groups.setdefault(key, []).append(position)
    return list(groups.values())


def _judge_network_batch(
    pairs: Sequence[Pair], batch: list[int], draw: Draw, laps: Laps
) -> dict[int, Outcome]:
    # Rows of one model lie together, so that its pictures cross to the device in one piece.
    groups = _grouped((position, id(pairs[position][0])) for position in batch)
    with laps.of("extract"):
        inputs = [_model(pairs, group).extractor.prepare(_pictures(pairs, group)) for group in groups]
        stages = _model(pairs, batch).extractor.backbone.stages(_joined(inputs))
    outcomes: dict[int, Outcome] = {}
    begin = 0
    for group in groups:
        model, end = _model(pairs, group), begin + len(group)
        with laps.of("extract"):
            features = model.extractor.resident_features([stage[begin:end] for stage in stages])
        judged = model.judge_features(_pictures(pairs, group), features, draw=draw, laps=laps)
        outcomes.update(zip(group, judged, strict=True))
        begin = end
    return outcomes


def _model(pairs: Sequence[Pair], group: list[int]) -> LineModel:
    return pairs[group[0]][0]


def _pictures(pairs: Sequence[Pair], group: list[int]) -> list[Picture]:
    return [pairs[position][1] for position in group]


def _joined(inputs: Sequence[Batch]) -> Batch:
    arrays = [each for each in inputs if isinstance(each, np.ndarray)]
    return np.concatenate(arrays) if arrays else torch.cat([torch.as_tensor(each) for each in inputs])
