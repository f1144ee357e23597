"""Pictures of many lines judged at once: one pass of the network, a search in each line's own bank."""

from collections.abc import Iterable, Sequence

import numpy as np

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
    whose seconds ``laps`` is told.
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
    with laps.of("extract"):
        inputs = [pairs[position][0].extractor.prepare([pairs[position][1]]) for position in batch]
        stages = pairs[batch[0]][0].extractor.backbone.stages(np.concatenate(inputs))
    outcomes: dict[int, Outcome] = {}
    for rows in _grouped((row, id(pairs[position][0])) for row, position in enumerate(batch)):
        model = pairs[batch[rows[0]]][0]
        with laps.of("extract"):
            features = model.extractor.features([stage[rows] for stage in stages])
        pictures = [pairs[batch[row]][1] for row in rows]
        judged = model.judge_features(pictures, features, draw=draw, laps=laps)
        outcomes.update((batch[row], outcome) for row, outcome in zip(rows, judged, strict=True))
    return outcomes
