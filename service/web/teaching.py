"""What the teach pages work with: pictures, trainings, banks tried beside the line."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from service.banks.source import BankSource
from service.images.decode import ImageLimits
from service.store import ObjectStore
from service.web.bank_books import BankBooks
from service.web.banks_tried import TriedBanks
from service.web.bench import Bench
from service.web.command_log import CommandLog
from service.web.frame_names import FrameNames
from service.web.shadows import Shadows
from service.web.trainings import Trainings
from service.web.trials import TrialDrawings
from service.web.uploads import Uploads
from service.web.view import View


@dataclass(frozen=True)
class Teaching:
    """Made once by the program."""

    uploads: Uploads
    trainings: Trainings
    tried: TriedBanks
    shadows: Shadows
    drawings: TrialDrawings


@dataclass(frozen=True)
class Banks:
    """Where banks come from, as files and as books, and the device that tries them."""

    source: BankSource
    books: BankBooks
    bench: Bench


@asynccontextmanager
async def teaching_with(
    view: View, store: ObjectStore, names: FrameNames, log: CommandLog, banks: Banks, limits: ImageLimits
) -> AsyncIterator[Teaching]:
    """The parts, until the block ends; then comparisons are cancelled and the device is let go of."""
    tried = TriedBanks(view, banks.books, banks.source, banks.bench)
    uploads = Uploads(store, limits)
    shadows = Shadows(view, store, tried, limits.max_bytes)
    try:
        yield Teaching(uploads, Trainings(names, uploads, log, store), tried, shadows, TrialDrawings())
    finally:
        await shadows.close()
        await banks.bench.stop()
