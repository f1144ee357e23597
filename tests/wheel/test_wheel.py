"""The wheel, as a stranger gets it: built, installed into an environment of its own, and run."""

import json
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
# Installing takes torch from pip's cache: minutes on a machine that never had it.
pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]


def _run(*command: str, seconds: float) -> subprocess.CompletedProcess[str]:
    ended = subprocess.run(command, capture_output=True, text=True, timeout=seconds, check=False)
    assert ended.returncode == 0, ended.stderr[-4000:]
    return ended


def test_the_wheel_installs_into_a_clean_environment_and_its_demo_runs(tmp_path: Path) -> None:
    _run(sys.executable, "-m", "build", "--wheel", "--outdir", str(tmp_path), str(ROOT), seconds=300)
    (wheel,) = tmp_path.glob("patchline-*.whl")
    inside = set(zipfile.ZipFile(wheel).namelist())
    shipped = {"service/web/templates/base.html", "service/report/report.html", "schemas/json/asyncapi.json"}
    assert shipped <= inside
    assert not [name for name in inside if name.startswith(("tests/", "docs/"))]

    home = tmp_path / "environment"
    venv.create(home, with_pip=True)
    python, patchline = home / "bin" / "python", home / "bin" / "patchline"
    asked = [f"{wheel}[cpu,demo]", "--constraint", str(ROOT / "constraints.txt")]
    _run(str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *asked, seconds=900)
    said = json.loads(
        _run(
            str(patchline), "demo", "--seconds", "25", "--rate", "8", "--json", seconds=300
        ).stdout.splitlines()[-1]
    )
    assert said["ledger"] == "clean"
    assert said["frames_sent"] >= 100
