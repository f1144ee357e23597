"""Pictures of many lines judged at once: one pass of the network, a search in each line's own bank."""

from collections.abc import Iterable, Sequence

from service.images.picture import Picture
from service.images.unreadable import UnfitImage
from service.images.view import view
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

    Pictures of companions (see ``PatchExtractor``) share a batch: the caller bounds how many. Judgements
    equal those of ``LineModel.judge`` within 1e-3 relative. Blocks for network, search, drawing, whose
    seconds ``laps`` is told. Raises NonFiniteFeatures, for all of them.
    """
    laps = laps or Laps()
    outcomes: dict[int, Outcome] = {}
    for position, pair in enumerate(pairs):
        if (unfit := _unfit(pair)) is not None:
            outcomes[position] = unfit
    fit = [position for position in range(len(pairs)) if position not in outcomes]
    for batch in _grouped((position, pairs[position][0].extractor.companions) for position in fit):
        outcomes.update(_judge_network_batch(pairs, batch, draw, laps))
    return [outcomes[position] for position in range(len(pairs))]


def _unfit(pair: Pair) -> UnfitImage | None:
    model, picture = pair
    try:
        model.check(picture)
    except UnfitImage as unfit:
        return unfit
    return None


def _grouped(keyed: Iterable[tuple[int, object]]) -> list[list[int]]:
    """Positions with equal keys together, in the order of their first."""
    groups: dict[object, list[int]] = {}
    for position, key in keyed:
        groups.setdefault(key, []).append(position)
    return list(groups.values())


def _judge_network_batch(
    pairs: Sequence[Pair], batch: list[int], draw: Draw, laps: Laps
) -> dict[int, Outcome]:
    # Rows of one model lie together, so that its patches are one piece.
    groups = _grouped((position, id(pairs[position][0])) for position in batch)
    with laps.of("extract"):
        rows = [pairs[position] for group in groups for position in group]
        views = [view(picture, model.extractor.contract) for model, picture in rows]
        embedded = rows[0][0].extractor.embedded(views)
    outcomes: dict[int, Outcome] = {}
    begin = 0
    for group in groups:
        model, end = pairs[group[0]][0], begin + len(group)
        with laps.of("extract"):
            features = model.extractor.counted(embedded[begin:end])
        pictures = [pairs[position][1] for position in group]
        judged = model.judge_features(pictures, features, draw=draw, laps=laps)
        outcomes.update(zip(group, judged, strict=True))
        begin = end
    return outcomes
