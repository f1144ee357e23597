"""Where tests keep what they fetch once: outside the tree, and shared by all checkouts."""

import os
from pathlib import Path


def cache_folder() -> Path:
    """``PATCHLINE_CACHE``, else a folder of the user's; it may not be there yet."""
    return Path(os.environ.get("PATCHLINE_CACHE") or Path.home() / ".cache" / "patchline")
