"""Errands of drawn parts, laid ready in a folder."""

from pathlib import Path

from schemas.ids import sha256_hex
from tests.training.parts import drawn
from workers.trainer.errand import Bench, Errand, Picture


def laid_ready(folder: Path, pictures: dict[str, bytes], recipe: str | None = "plain") -> Bench:
    """A bench with an errand for line1 and these pictures by name."""
    bench = Bench(folder)
    for data in pictures.values():
        bench.picture(sha256_hex(data)).write_bytes(data)
    named = tuple(Picture(sha256=sha256_hex(data), name=name) for name, data in pictures.items())
    errand = Errand(line="line1", model="default", recipe=recipe, alpha=0.01, pictures=named)
    bench.errand.write_text(errand.model_dump_json())
    return bench


def good(count: int) -> dict[str, bytes]:
    """Pictures of good parts by name."""
    return {f"part-{seed:03}.png": drawn(seed) for seed in range(count)}
