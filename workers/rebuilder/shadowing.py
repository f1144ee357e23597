"""A shadow before a bank is put in force: both banks judge the line's newest stored frames.

Beside the gates, for installations that want it: the gates know canaries and known good parts, the shadow
what the line has been sending. It costs an extraction for each frame.
"""

import asyncio
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from schemas.activation import Activated
from schemas.command import FrameRef
from schemas.reasons import Gate, VerdictKind
from schemas.shadow import Flip, ShadowReport
from schemas.verdict import Verdict
from service.banks.bank_file import LoadedBank
from service.inspection.judgement import verdict_of
from service.patchcore import fused_score
from service.shadow.newest import newest_verdicts
from service.stream.base import Broker
from service.training.built import BuiltBank
from service.training.features import PartFeatures
from workers.rebuilder.extraction import BATCH, Extraction
from workers.rebuilder.frames import Frames
from workers.rebuilder.job import CommandRefused, Job
from workers.rebuilder.results import Results

LISTED = 50
_JUDGED = frozenset({VerdictKind.OK, VerdictKind.REVIEW, VerdictKind.DEFECT})


@dataclass(frozen=True, slots=True)
class ShadowRules:
    """``frames``: how many of the newest are judged, 0 for none; ``flips``: the share of them whose verdict
    may change."""

    frames: int = 0
    flips: float = 0.02


class Shadow:
    """Judges with the bank in force and with a candidate."""

    def __init__(
        self,
        broker: Broker,
        topic: str,
        frames: Frames,
        extraction: Extraction,
        results: Results,
        rules: ShadowRules,
    ) -> None:
        self._broker, self._topic, self._frames = broker, topic, frames
        self._extraction, self._results, self._rules = extraction, results, rules

    async def held(
        self, job: Job, active: Activated, before: LoadedBank, built: BuiltBank, asked: Collection[str]
    ) -> ShadowReport | None:
        """What would change; None where nobody demands a shadow. Pictures ``asked`` about, by sha256, are
        left out: theirs is the change that was wanted. Waits for store and network. Raises
        ``CommandRefused`` where too much would change, ``StoreError`` and ``StreamError``."""
        if not self._rules.frames:
            return None
        newest = await newest_verdicts(self._broker, self._topic, active.line, self._rules.frames)
        wanted = [
            verdict
            for verdict in newest
            if verdict.verdict in _JUDGED
            and verdict.model == active.model
            and verdict.frame_sha256 not in asked
        ]
        flips: list[Flip] = []
        judged = 0
        for begin in range(0, len(wanted), BATCH):
            batch = await self._seen(wanted[begin : begin + BATCH], before)
            flips += await asyncio.to_thread(_flips, batch, active, before, built)
            judged += len(batch)
            done = min(begin + BATCH, len(wanted))
            await self._results.progress(job, done / len(wanted), f"{done} stored frames are judged again")
        report = ShadowReport(frames=judged, flips=len(flips), flipped=tuple(flips[:LISTED]))
        if len(flips) > self._rules.flips * judged:
            raise CommandRefused(self._sentence(report, flips), {"gate": Gate.SHADOW, "shadow": report})
        return report

    async def _seen(
        self, verdicts: Sequence[Verdict], bank: LoadedBank
    ) -> list[tuple[Verdict, PartFeatures]]:
        """Those whose pictures are still stored and can be looked at, with their features."""
        seen: list[tuple[Verdict, PartFeatures]] = []
        for verdict in verdicts:
            frame = FrameRef(
                frame_uid=verdict.frame_uid, frame_id=verdict.frame_id, frame_sha256=verdict.frame_sha256
            )
            try:
                data = await self._frames.fetch(verdict.line, frame)
                rows = await self._extraction.features([(f"frame {verdict.frame_id}", data)], bank.manifest)
            except CommandRefused:
                # A frame that expired or cannot be read says nothing of either bank.
                continue
            seen.append((verdict, rows[0]))
        return seen

    def _sentence(self, report: ShadowReport, flips: Sequence[Flip]) -> str:
        ways = Counter(f"from {flip.before.value} to {flip.after.value}" for flip in flips)
        told = ", ".join(f"{count} {way}" for way, count in ways.most_common())
        return (
            f"{report.flips} of the line's newest {report.frames} stored frames would get another verdict "
            f"({told}), more than {self._rules.flips:.3g} of them: look at these, then ask for less at once, "
            "or raise PATCHLINE_REBUILDER__SHADOW_FLIPS"
        )


def _flips(
    seen: Sequence[tuple[Verdict, PartFeatures]], active: Activated, before: LoadedBank, built: BuiltBank
) -> list[Flip]:
    """Runs in a thread: a search in both banks."""
    flips: list[Flip] = []
    for verdict, rows in seen:
        old, new = (
            verdict_of(fused_score(bank.distances(rows), bank.recipe), thresholds)
            for bank, thresholds in (
                (before.memory_bank, active.thresholds),
                (built.memory_bank, built.thresholds),
            )
        )
        if old is not new:
            flips.append(Flip(frame_uid=verdict.frame_uid, frame_id=verdict.frame_id, before=old, after=new))
    return flips
