"""A scene to look at: three lines of drawn parts, one of which learns when it is told that a part is good."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from schemas.ids import sha256_hex
from schemas.reasons import FaultReason, VerdictKind
from schemas.topics import TopicKind
from schemas.verdict import Region, Verdict
from service.images.heatmap import draw_heatmap
from service.store.keys import frame_key, heatmap_key
from service.web.page import fed_page, served
from service.web_urls import heatmap_url
from tests.parts import DEFECTS, draw_part, encode_jpeg
from tests.web.plant import THRESHOLDS, Plant, version_of

SIZE = (320, 320)
Map = NDArray[np.float32]


@asynccontextmanager
async def shown(folder: Path, *, frames: int = 60) -> AsyncIterator[tuple[str, "Scene"]]:
    """Serve the page over a scene while the block runs; yields its address."""
    scene = Scene(folder, frames=frames)
    await scene.plant.open()
    await scene.fill()
    plant = scene.plant
    async with (
        fed_page(plant.settings, plant.broker, plant.store) as page,
        served(plant.settings, page) as url,
    ):
        await page.feed.ready()
        yield url, scene


class Scene:
    """A plant whose parts are drawn."""

    def __init__(self, folder: Path, *, frames: int = 60, seed: int = 7) -> None:
        self.plant = Plant(folder)
        self._frames = frames
        self._rng = np.random.default_rng(seed)
        self._good = [draw_part(part, None, SIZE) for part in range(6)]
        self._bad = [draw_part(50 + at, defect, SIZE) for at, defect in enumerate(DEFECTS)]

    async def fill(self) -> None:
        """Three lines: a busy one, one that asks for more calibration, one without a bank."""
        small = THRESHOLDS.model_copy(update={"alpha": 1 / 41, "calibration_parts": 40})
        now = datetime.now(UTC)
        for epoch in (1, 2, 3):
            since = now - timedelta(hours=4 - epoch)
            await self.plant.activate("flange-top", epoch, activated_at=since)
        await self.plant.activate("gear-side", 1, thresholds=small, activated_at=now - timedelta(days=2))
        for at in range(self._frames):
            moment = now - timedelta(seconds=(self._frames - at) * 1.3)
            await self.judge("flange-top", at, moment)
            if at % 3 == 0:
                await self.judge("gear-side", at, moment)
        for at in range(4):
            await self.fault("weld-3", now - timedelta(minutes=9, seconds=-at))

    async def judge(self, line: str, at: int, moment: datetime) -> Verdict:
        """Judge the next part: every ninth is defective, every seventh unusual."""
        bad = at % 9 == 8
        pixels = self._bad[at // 9 % 4] if bad else self._good[at % 6]
        anomaly = self._anomaly(at, bad)
        score = float(anomaly.max()) if not bad and at % 7 else float(max(anomaly.max(), 0.86))
        kind = VerdictKind.DEFECT if score > 1 else VerdictKind.REVIEW if score > 0.8 else VerdictKind.OK
        flagged = kind is not VerdictKind.OK
        version = version_of(line, 3 if line == "flange-top" else 1)
        data = _commented(encode_jpeg(pixels), f"{line}{at}")
        facts: dict[str, Any] = {
            "frame_id": f"cam1-{20_480 + at}",
            "part_id": f"F-{7_300 + at}",
            "camera": "basler-2",
            "score": score,
            "threshold": 1.0,
            "review_threshold": 0.8,
            "p_value": max(0.0099, min(1.0, 1.1 - score)) if not bad else 0.0099,
            "alpha": 0.01,
            "model": "default",
            "bank_version": version,
            "epoch": 3 if line == "flange-top" else 1,
            "regions": self._regions(anomaly) if flagged else (),
            "width": SIZE[1],
            "height": SIZE[0],
            "inspected_at": moment,
        }
        verdict = self.plant.make(line, kind, data=data, **facts)
        if flagged:
            url = heatmap_url("http://127.0.0.1", line, verdict.frame_uid, version)
            verdict = verdict.model_copy(update={"heatmap_url": url})
            drawn = draw_heatmap(pixels, anomaly, 1.0)
            await self.plant.store.put(heatmap_key(line, verdict.frame_uid, version), drawn)
        await self.plant.store.put(frame_key(line, verdict.frame_uid), data)
        await self.plant.write(TopicKind.VERDICTS, line, verdict)
        return verdict

    async def fault(self, line: str, moment: datetime) -> None:
        """A line that has no bank yet."""
        data = encode_jpeg(self._good[0])
        await self.plant.judge(
            line,
            VerdictKind.FAULT,
            reason=FaultReason.NO_BANK,
            data=data,
            inspected_at=moment,
            width=SIZE[1],
            height=SIZE[0],
            frame_id=f"x-{sha256_hex(str(moment).encode())[:8]}",
        )

    def _anomaly(self, at: int, bad: bool) -> Map:
        height, width = SIZE
        field = cv2.GaussianBlur(self._rng.random((height, width), dtype=np.float32), (0, 0), 9)
        field = 0.2 + self._rng.uniform(0.2, 0.55) * (field - field.min()) / (field.max() - field.min())
        if bad:
            whole = draw_part(50 + at // 9 % 4, None, SIZE)
            off = np.abs(self._bad[at // 9 % 4].astype(np.float32) - whole).max(axis=2)
            blurred = cv2.GaussianBlur(off, (0, 0), 5)
            field += 1.3 * blurred / blurred.max()
        return np.asarray(field, np.float32)

    def _regions(self, anomaly: Map) -> tuple[Region, ...]:
        above = (anomaly > min(1.0, float(anomaly.max()) * 0.98)).astype(np.uint8)
        _, _, stats, _ = cv2.connectedComponentsWithStats(above)
        boxes = [
            Region(x=x, y=y, width=w, height=h, score=float(anomaly[y : y + h, x : x + w].max()))
            for x, y, w, h, _ in stats[1:]
        ]
        return tuple(sorted(boxes, key=lambda box: -box.score)[:3])


def _commented(jpeg: bytes, text: str) -> bytes:
    """The same picture with a comment: other bytes, and so another frame."""
    comment = text.encode()
    return jpeg[:2] + b"\xff\xfe" + (len(comment) + 2).to_bytes(2, "big") + comment + jpeg[2:]
