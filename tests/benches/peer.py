"""``python -m tests.benches.peer``: anomalib beside us, on the same weights, pictures, share and threads.

anomalib is installed into an environment of its own under the cache directory, with its own torch: it asks
for other versions than ours. Its best documented settings are used and told: its PatchCore model in
evaluation mode, no gradients, and all threads. Both run in turn, each in its own process, which prints one
JSON object.
"""

import json
import subprocess
import sys
import tempfile
import venv
from pathlib import Path
from typing import Any

from tests.harness.cache import cache_folder

VERSION = "2.7.0"
CACHE = cache_folder() / "bench-peer"
HERE = Path(__file__).parent
_ROUNDS = 2


def main() -> int:
    """0 when both were measured."""
    theirs = _environment()
    with tempfile.TemporaryDirectory(prefix="patchline-peer-") as folder:
        given = Path(folder)
        subprocess.run([sys.executable, "-m", "tests.benches.peer_ours", "prepare", folder], check=True)
        found: dict[str, list[dict[str, Any]]] = {"ours": [], "theirs": []}
        for _ in range(_ROUNDS):
            found["ours"].append(_run([sys.executable, "-m", "tests.benches.peer_ours", "measure", folder]))
            found["theirs"].append(_run([str(theirs), str(HERE / "peer_theirs.py"), folder]))
            found["ours"][-1] |= _run([sys.executable, "-m", "tests.benches.peer_ours", "select", folder])
        settings = json.loads((given / "settings.json").read_text())
    told = {"settings": settings, **found, "ratios": _ratios(found)}
    sys.stdout.write(json.dumps(told, indent=1) + "\n")
    return 0


def _environment() -> Path:
    """Python with anomalib. Installs it once: some gigabytes."""
    python = CACHE / "bin" / "python"
    if not (CACHE / f"installed-{VERSION}").exists():
        venv.create(CACHE, with_pip=True, clear=True)
        install = [str(python), "-m", "pip", "install", "--quiet", f"anomalib=={VERSION}"]
        subprocess.run(install, check=True)
        (CACHE / f"installed-{VERSION}").touch()
    return python


def _run(command: list[str]) -> dict[str, Any]:
    # What it complains of goes where ours goes.
    ended = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    result: dict[str, Any] = json.loads(ended.stdout.strip().splitlines()[-1])
    return result


def _ratios(found: dict[str, list[dict[str, Any]]]) -> dict[str, float]:
    """How many times less we took, of the least of each side's rounds."""
    least = {
        side: {key: min(each[key] for each in runs) for key in runs[0] if key.endswith(("_seconds", "_ms"))}
        for side, runs in found.items()
    }
    return {key: round(least["theirs"][key] / least["ours"][key], 1) for key in least["ours"]}


if __name__ == "__main__":
    sys.exit(main())
