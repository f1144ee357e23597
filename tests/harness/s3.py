"""An S3-speaking server that others made (moto), in an environment of its own: its libraries are not ours."""

import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock

from service.embedded.server import HOST, free_port
from tests.harness.cache import cache_folder
from tests.harness.processes import Program

VERSION = "5.2.5"
BUCKET = "patchline"


@contextmanager
def running_s3(bucket: str) -> Iterator[str]:
    """The address of a server that has an empty bucket of this name."""
    port = free_port()
    with Program([str(_moto_server()), "-H", HOST, "-p", str(port)]) as server:
        server.wait_for_port(port, 60)
        address = f"http://{HOST}:{port}"
        made = urllib.request.Request(f"{address}/{bucket}", method="PUT")  # noqa: S310 - loopback
        with urllib.request.urlopen(made, timeout=20):  # noqa: S310
            yield address


def _moto_server() -> Path:
    """Installed once, into the cache outside the tree."""
    home = cache_folder() / f"moto-{VERSION}"
    home.mkdir(parents=True, exist_ok=True)
    with FileLock(home / "lock"):
        if not (home / "complete").exists():
            subprocess.run([sys.executable, "-m", "venv", str(home / "venv")], check=True)
            pip = [str(home / "venv" / "bin" / "pip"), "install", "--quiet", "--disable-pip-version-check"]
            subprocess.run([*pip, f"moto[s3,server]=={VERSION}"], check=True)
            (home / "complete").touch()
    return home / "venv" / "bin" / "moto_server"
