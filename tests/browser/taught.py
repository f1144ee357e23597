"""A line that was taught: a bank that is a real file, parts that are drawn, and recent parts with scores."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import numpy as np

from schemas.activation import Activated
from schemas.ids import sha256_hex
from schemas.line_event import LineEvent
from schemas.reasons import CommandKind, DeadLetterReason, Gate, LineEventKind, VerdictKind
from schemas.topics import TopicKind
from service.banks.bank_file import write_bank
from service.banks.manifest import PartEntry
from service.store.keys import bank_key, part_key
from service.training.thresholds import thresholds_of
from service.web.page import fed_page, served
from tests.banks.conftest import manifest_of, small_bank
from tests.parts import draw_part, encode_jpeg
from tests.web.plant import Plant

LINE = "flange-top"
PARTS = 60


@asynccontextmanager
async def taught(folder: Path) -> AsyncIterator[tuple[str, Plant]]:
    """Serve the page over the line while the block runs; yields its address."""
    plant = Plant(folder)
    await plant.open()
    await _fill(plant)
    async with (
        fed_page(plant.settings, plant.broker, plant.store) as page,
        served(plant.settings, page) as url,
    ):
        await page.feed.ready()
        yield url, plant


async def _fill(plant: Plant) -> None:
    now = datetime.now(UTC)
    for epoch in (1, 2, 3):
        active = await activate(plant, epoch, now - timedelta(hours=40 - 12 * epoch))
    rng = np.random.default_rng(5)
    for number in range(120):
        score = float(rng.gamma(8, 0.05)) + (0.7 if number % 17 == 0 else 0)
        limits = active.thresholds
        defect, review = score > limits.defect_score, score > limits.review_score
        kind = VerdictKind.DEFECT if defect else VerdictKind.REVIEW if review else VerdictKind.OK
        facts = {"bank_version": active.version, "model": "default", "epoch": 3, "score": score}
        data = photo(number % 5, 120) + bytes([number])
        moment = now - timedelta(seconds=120 - number)
        await plant.judge(LINE, kind, data=data, inspected_at=moment, threshold=1.0, **facts)
    await _tell(plant, now)
    spoilt = (
        (DeadLetterReason.BAD_LINE_ID, "No Line", encode_jpeg(draw_part(3))),
        (DeadLetterReason.TRUNCATED, LINE, encode_jpeg(draw_part(4))[:-200]),
        (DeadLetterReason.NOT_AN_IMAGE, LINE, b"<html>"),
    )
    for number, (reason, line, data) in enumerate(spoilt, start=1):
        await plant.set_aside(number, reason, line, data, now - timedelta(minutes=number))


@cache
def photo(number: int, side: int) -> bytes:
    """A drawn part; drawing takes long, and every scene has the same."""
    return encode_jpeg(draw_part(number, None, (side, side)))


async def activate(plant: Plant, epoch: int, moment: datetime) -> Activated:
    """Put a bank of drawn parts in force as the next epoch."""
    parts = PARTS + 2 * epoch
    pictures = [photo(number, 160) for number in range(parts)]
    entries = tuple(
        PartEntry(
            sha256=sha256_hex(data), name=f"good-{n:03}.jpg", origin="trained" if n < PARTS else "approved"
        )
        for n, data in enumerate(pictures)
    )
    bank = small_bank(seed=0, vectors=12 * parts, parts=parts)
    rng = np.random.default_rng(epoch)
    object.__setattr__(bank, "calibration_scores", rng.gamma(8, 0.05, parts).astype(np.float32))
    data = write_bank(bank, manifest_of(bank, line=LINE).model_copy(update={"parts": entries}))
    version = sha256_hex(data)
    await plant.store.put(bank_key(LINE, "default", version), data)
    for entry, picture in zip(entries, pictures, strict=True):
        await plant.store.put(part_key(LINE, "default", entry.sha256), picture)
    why = "fifty photos of the first shift" if epoch == 1 else "a reflection, not a scratch"
    return await plant.activate(
        LINE,
        epoch,
        version=version,
        size_bytes=len(data),
        thresholds=thresholds_of(bank.calibration_scores, 0.02, 0.1),
        activated_at=moment,
        why=why,
        actor="ann",
    )


async def _tell(plant: Plant, now: datetime) -> None:
    told = {"line": LINE, "actor": "bob", "command_kind": CommandKind.APPROVE_GOOD}
    refused = LineEvent(
        kind=LineEventKind.COMMAND_REFUSED,
        sentence="canary cam1-20488 would no longer alarm: retire it first, or approve without part F-7311",
        gate=Gate.CANARY_SILENT,
        at=now - timedelta(hours=3),
        **told,
    )
    await plant.write(TopicKind.LINE_EVENTS, LINE, refused)
