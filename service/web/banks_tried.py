"""A published bank, in force or not, judging pictures beside the line."""

from collections.abc import Sequence
from datetime import UTC, datetime

import numpy as np

from schemas.activation import Activated, Thresholds
from service.banks.refusal import BankRefused
from service.banks.source import BankSource, BankUnavailable
from service.training.thresholds import Rates, thresholds_of
from service.web.bank_books import BankBooks
from service.web.bench import Bench, BenchBroken, Judgement, Unjudged
from service.web.problem import Problem
from service.web.view import View


class TriedBanks:
    """Raises ``Problem``: 404 for a version that was never published, 409 for a bank that is spoilt, 503 for
    a bank or a device that is not to be had."""

    def __init__(self, view: View, books: BankBooks, source: BankSource, bench: Bench) -> None:
        self._view, self._books, self._source, self._bench = view, books, source, bench

    async def as_if_in_force(self, line: str, version: str, rates: Rates | None = None) -> Activated:
        """The activation that a version has, or would have by these rates, else by those of the line."""
        active = await self._view.in_force(line)
        if active is not None and active.version == version and rates is None:
            return active
        named = await self._view.published(line, version)
        if named is None:
            raise Problem(
                404, f"line {line} has no published bank {version[:12]}: see /v1/lines/{line}/epochs"
            )
        kept = Rates.of(active.thresholds) if active is not None else Rates()
        book = await self._books.of(line, named.model, version, named.size_bytes)
        return Activated(
            line=line,
            epoch=1,
            model=named.model,
            version=version,
            size_bytes=book.size_bytes,
            thresholds=_thresholds(book.scores, rates or kept),
            activated_at=datetime.now(UTC),
        )

    async def judge(self, bank: Activated, images: Sequence[bytes]) -> list[Judgement | Unjudged]:
        """One answer an image. Waits for the device."""
        try:
            path = await self._source.fetch(bank.line, bank.model, bank.version, bank.size_bytes)
            return await self._bench.judge(path, bank, images)
        except BankRefused as refused:
            raise Problem(409, f"bank {bank.version[:12]} cannot be used: {refused}") from refused
        except (BankUnavailable, BenchBroken) as error:
            raise Problem(503, f"the picture cannot be judged now: {error}") from error


def _thresholds(scores: Sequence[float], rates: Rates) -> Thresholds:
    return thresholds_of(np.array(scores), rates.alpha, rates.review_alpha)
