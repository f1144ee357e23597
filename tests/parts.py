"""Drawn parts: a machined flange on a dark conveyor, for tests and for the pictures that the repo shows.

Everything follows from the seed: the same call draws the same pixels.
"""

from collections.abc import Callable
from typing import Any, Literal

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]
Canvas = NDArray[np.float32]
Defect = Literal["scratch", "spot", "chip", "missing-hole"]
Point = tuple[float, float]

DEFECTS: tuple[Defect, ...] = ("scratch", "spot", "chip", "missing-hole")
_UNIT = 640
_STEEL = np.array([0.66, 0.68, 0.71], np.float32)
_TEETH = 24
_HOLES = 6


def draw_part(
    seed: int, defect: Defect | None = None, size: tuple[int, int] = (320, 320), *, colour: bool = True
) -> Image:
    """uint8 RGB [height, width, 3], or [height, width] when not ``colour``; ``size`` is (height, width).

    Good parts differ in position (1 %), angle (1 degree), light and the grain of their steel. A defect
    changes nothing else: the same seed without one is the same part, whole.
    """
    rng, flaw = np.random.default_rng(seed), np.random.default_rng([seed, 1])
    centre, angle = _pose(rng)
    mask = _silhouette(centre, angle, chipped=flaw.uniform(0, 360) if defect == "chip" else None)
    metal = _metal(rng, centre)
    _machine(metal, centre, angle, missing=int(flaw.integers(_HOLES)) if defect == "missing-hole" else None)
    marks: dict[str, Callable[[Canvas, Point, np.random.Generator], None]] = {
        "scratch": _scratch,
        "spot": _spot,
    }
    if defect in marks:
        marks[defect](metal, centre, flaw)
    scene = _conveyor(rng, mask) * (1 - mask[..., None]) + metal * mask[..., None]
    return _expose(scene, rng, size, colour)


def encode_png(pixels: Image) -> bytes:
    """The pixels (RGB or grey) as PNG."""
    return _encode(pixels, ".png", [])


def encode_jpeg(pixels: Image, quality: int = 92) -> bytes:
    """The pixels (RGB or grey) as JPEG."""
    return _encode(pixels, ".jpg", [cv2.IMWRITE_JPEG_QUALITY, quality])


def _encode(pixels: Image, extension: str, options: list[int]) -> bytes:
    stored = cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR) if pixels.ndim == 3 else pixels
    return bytes(cv2.imencode(extension, stored, options)[1])


def _pose(rng: np.random.Generator) -> tuple[Point, float]:
    x, y = _UNIT / 2 + rng.uniform(-0.01, 0.01, 2) * _UNIT
    return (float(x), float(y)), float(rng.uniform(-1, 1))


def _at(centre: Point, radius: float, degrees: float) -> Point:
    turn = np.deg2rad(degrees)
    return centre[0] + radius * float(np.cos(turn)), centre[1] + radius * float(np.sin(turn))


def _fixed(point: Point) -> tuple[int, int]:
    """OpenCV's 1/16 pixel coordinates: jitter below a pixel stays visible."""
    return round(point[0] * 16), round(point[1] * 16)


def _disc(canvas: Canvas, centre: Point, radius: float, value: Any, thickness: int = -1) -> None:
    cv2.circle(canvas, _fixed(centre), round(radius * 16), value, thickness, cv2.LINE_AA, 4)


def _silhouette(centre: Point, angle: float, chipped: float | None) -> Canvas:
    """1 where the part is: a ring of teeth around a disc."""
    drawn = np.zeros((_UNIT, _UNIT), np.uint8)
    outline = []
    for tooth in range(_TEETH):
        start = angle + 360 / _TEETH * tooth
        for degrees, radius in ((0.0, 262.0), (2.5, 284.0), (7.5, 284.0), (10.0, 262.0)):
            outline.append(_fixed(_at(centre, radius, start + degrees)))
    cv2.fillPoly(drawn, [np.array(outline, np.int32)], 255, cv2.LINE_AA, 4)
    if chipped is not None:
        cv2.circle(drawn, _fixed(_at(centre, 284, chipped)), 38 * 16, 0, -1, cv2.LINE_AA, 4)
    return np.asarray(drawn.astype(np.float32) / 255, np.float32)


def _metal(rng: np.random.Generator, centre: Point) -> Canvas:
    """Turned steel: fine rings around the centre and the two-lobed sheen that they give."""
    y, x = np.mgrid[:_UNIT, :_UNIT].astype(np.float32)
    dx, dy = x - centre[0], y - centre[1]
    radius, turn = np.hypot(dx, dy), np.arctan2(dy, dx)
    rings = np.interp(radius, np.arange(_UNIT), rng.normal(0, 0.025, _UNIT)).astype(np.float32)
    sheen = 0.09 * np.cos(2 * (turn - 0.8)) + 0.03 * np.cos(6 * turn + 1.1)
    grain = cv2.GaussianBlur(rng.normal(0, 0.05, (_UNIT, _UNIT)).astype(np.float32), (0, 0), 1.2)
    return np.asarray(_STEEL * (1 + sheen + rings + grain)[..., None], np.float32)


def _machine(metal: Canvas, centre: Point, angle: float, missing: int | None) -> None:
    """Grooves, bolt holes and the bore."""
    for radius in (245.0, 120.0):
        _disc(metal, centre, radius, (0.34, 0.35, 0.37), 3)
        _disc(metal, (centre[0] + 1.5, centre[1] + 1.5), radius, (0.86, 0.88, 0.9), 1)
    for hole in range(_HOLES):
        if hole != missing:
            _bore(metal, _at(centre, 182, angle + 360 / _HOLES * hole), 25)
    _bore(metal, centre, 74)
    _disc(metal, _at(centre, 214, angle + 30), 7, (0.25, 0.27, 0.3))


def _bore(metal: Canvas, centre: Point, radius: float) -> None:
    """A hole with a chamfer that is lit from the upper left."""
    _disc(metal, centre, radius + 6, (0.45, 0.46, 0.49))
    _disc(metal, (centre[0] + 2, centre[1] + 2), radius + 4, (0.9, 0.92, 0.94))
    _disc(metal, centre, radius, (0.07, 0.075, 0.09))


def _scratch(metal: Canvas, centre: Point, rng: np.random.Generator) -> None:
    """From groove to groove, between two holes."""
    start = 60 * int(rng.integers(6)) + 8 + rng.uniform(-3, 3)
    way = [
        _at(centre, 135 + 18 * i + rng.uniform(-3, 3), start + 9 * i + rng.uniform(-2, 2)) for i in range(6)
    ]
    line = np.array([_fixed(point) for point in way], np.int32)
    cv2.polylines(metal, [line + 24], False, (0.3, 0.3, 0.32), 3, cv2.LINE_AA, 4)
    cv2.polylines(metal, [line], False, (0.97, 0.97, 0.98), 2, cv2.LINE_AA, 4)


def _spot(metal: Canvas, centre: Point, rng: np.random.Generator) -> None:
    """A rust spot between bore and rim."""
    place = _at(centre, rng.uniform(138, 152), 30 + 60 * int(rng.integers(6)) + rng.uniform(-8, 8))
    cover = np.zeros(metal.shape[:2], np.float32)
    for _ in range(9):
        blob = (place[0] + rng.normal(0, 8), place[1] + rng.normal(0, 8))
        _disc(cover, blob, rng.uniform(5, 13), 1.0)
    cover = cv2.GaussianBlur(cover, (0, 0), 2.5)[..., None] * 0.85
    metal += cover * (np.array([0.42, 0.23, 0.12], np.float32) - metal)


def _conveyor(rng: np.random.Generator, mask: Canvas) -> Canvas:
    """A dark woven belt with the part's shadow on it."""
    y, x = np.mgrid[:_UNIT, :_UNIT].astype(np.float32)
    weave = 0.012 * np.sin(x * np.pi / 6) * np.sin(y * np.pi / 6)
    shadow = cv2.GaussianBlur(np.roll(mask, (12, 12), (0, 1)), (0, 0), 14)
    belt = (0.17 + weave + rng.normal(0, 0.008, mask.shape)) * (1 - 0.6 * shadow)
    tint = np.array([0.92, 1.0, 1.12], np.float32)
    return np.asarray(belt[..., None] * tint, np.float32)


def _expose(scene: Canvas, rng: np.random.Generator, size: tuple[int, int], colour: bool) -> Image:
    """Light that falls off to one side, a little exposure jitter, lens, sensor noise."""
    ramp = np.linspace(0.04, -0.04, _UNIT, dtype=np.float32) * np.float32(rng.uniform(0.5, 1.5))
    lit = scene * (1 + ramp[:, None, None]) * np.float32(rng.uniform(0.97, 1.03))
    height, width = size
    small = cv2.resize(lit.astype(np.float32), (width, height), interpolation=cv2.INTER_AREA)
    noisy = np.clip(small + rng.normal(0, 0.006, small.shape), 0, 1)
    pixels = np.rint(noisy * 255).astype(np.uint8)
    return pixels if colour else np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), np.uint8)
