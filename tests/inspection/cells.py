"""Photographs of solar cells (the wheel elpv-dataset): electroluminescence, 300 x 300 pixels, grey, dark."""

from functools import lru_cache
from importlib.resources import files

from service.images.decode import decode
from service.images.picture import Picture


@lru_cache(maxsize=1)
def _labels() -> list[tuple[str, float, str]]:
    lines = (files("elpv_dataset") / "data" / "labels.csv").read_text().split("\n")
    rows = [line.split() for line in lines if line.strip()]
    return [(path, float(probability), kind) for path, probability, kind in rows]


@lru_cache(maxsize=64)
def cell_bytes(name: str) -> bytes:
    return (files("elpv_dataset") / "data" / name).read_bytes()


def cells(kind: str, probability: float, first: int, count: int) -> list[Picture]:
    """``count`` cells of a kind (mono, poly) whose probability of being defective is exactly this."""
    return [decode(cell_bytes(name)) for name in all_cells(kind, probability)[first : first + count]]


def all_cells(kind: str, probability: float) -> list[str]:
    """The names of all cells of a kind whose probability of being defective is exactly this."""
    return [name for name, seen, cell in _labels() if cell == kind and seen == probability]
