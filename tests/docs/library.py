"""Runs what docs/library.md shows, on drawn parts: ``python -m tests.docs.library PICTURE.png``."""

import re
import sys
from pathlib import Path
from typing import Any

PAGE = Path(__file__).parent.parent.parent / "docs" / "library.md"
_BLOCK = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)


def shown(picture: Path) -> dict[str, Any]:
    """The page's names after its code has run; its figure is at ``picture``. Blocks for half a minute."""
    import matplotlib as mpl

    from tests.parts import draw_part

    mpl.use("Agg")
    names: dict[str, Any] = {
        "good": [draw_part(seed) for seed in range(40)],
        "others": [draw_part(1000), *(draw_part(1001, defect) for defect in ("scratch", "spot", "chip"))],
    }
    for block in _BLOCK.findall(PAGE.read_text()):
        exec(block.replace('"maps.png"', repr(str(picture))), names)  # noqa: S102 - our own page
    return names


if __name__ == "__main__":
    shown(Path(sys.argv[1]))
