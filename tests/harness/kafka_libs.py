"""Apache Kafka's jars, fetched once by Maven into a cache outside the tree."""

import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from filelock import FileLock

from tests.harness.cache import cache_folder

POM = Path(__file__).parent.parent / "kafka-pom.xml"


def missing_tool() -> str | None:
    """Why Apache Kafka cannot be started here, None when it can."""
    if shutil.which("java") is None:
        return "java is not on the path: install a JRE of version 17 or later"
    if shutil.which("mvn") is None and not _complete().exists():
        return "mvn is not on the path: install Maven, which fetches Kafka's jars"
    return None


def kafka_libs() -> Path:
    """The folder of the jars. Fetches them when an earlier fetch has not been completed."""
    home = _complete().parent
    home.mkdir(parents=True, exist_ok=True)
    with FileLock(home / "lock"):
        if not _complete().exists():
            _fetch(home / "libs")
            _complete().touch()
    return home / "libs"


def version() -> str:
    """The version that the pom names."""
    found = re.search(r"<artifactId>kafka_2\.13</artifactId>\s*<version>([^<]+)<", POM.read_text())
    assert found is not None, f"{POM} names no version of kafka_2.13"
    return found[1]


def _complete() -> Path:
    return cache_folder() / f"kafka-{version()}" / "complete"


def _fetch(libs: Path) -> None:
    shutil.rmtree(libs, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix="patchline-mvn-") as target:
        goal = "dependency:copy-dependencies"
        command = [
            "mvn",
            "-q",
            "-B",
            "-f",
            str(POM),
            goal,
            f"-DoutputDirectory={libs}",
            "-DincludeScope=runtime",
        ]
        subprocess.run([*command, f"-DbuildDirectory={target}"], check=True, timeout=300)
