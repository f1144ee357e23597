import os
import subprocess
import sys
from pathlib import Path

import pytest

from service.settings import setting_names
from tests.cli.conftest import Command
from workers.cli.settings_file import adopt, settings_text


def test_every_setting_is_there_once_and_taking_all_the_marks_off_changes_nothing(
    patchline: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from service.settings import load_settings

    defaults = load_settings()
    lines = [line for line in settings_text().splitlines() if line.startswith("#PATCHLINE_")]
    assert sorted(line[1:].split("=")[0] for line in lines) == sorted(setting_names())
    file = tmp_path / "all.env"
    file.write_text("\n".join(line[1:] for line in lines if not line.endswith("=")))
    read: dict[str, str] = {}
    adopt(file, read)
    for name, value in read.items():
        if name not in os.environ:
            monkeypatch.setenv(name, value)
    assert load_settings() == defaults


def test_the_environment_goes_before_the_file(tmp_path: Path) -> None:
    file = tmp_path / "some.env"
    file.write_text("PATCHLINE_WEB__PORT=1\nPATCHLINE_KAFKA__PARTITIONS=3\n")
    environment = {"PATCHLINE_WEB__PORT": "2"}
    adopt(file, environment)
    assert environment == {"PATCHLINE_WEB__PORT": "2", "PATCHLINE_KAFKA__PARTITIONS": "3"}


def test_a_file_is_written_once_and_read_by_any_command(tmp_path: Path) -> None:
    file = tmp_path / "patchline.env"
    clean = {name: value for name, value in os.environ.items() if not name.startswith("PATCHLINE_")}

    def patchline(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "workers", *arguments]
        return subprocess.run(command, env=clean, capture_output=True, text=True, check=False)

    assert patchline("init", str(file)).returncode == 0
    again = patchline("init", str(file))
    assert (again.returncode, "--force" in again.stderr) == (2, True)
    file.write_text(file.read_text() + "\nPATCHLINE_KAFKA__BOTSTRAP=x:1\n")
    misspelt = patchline("--settings", str(file), "topics", "check")
    assert misspelt.returncode == 2
    assert "did you mean PATCHLINE_KAFKA__BOOTSTRAP?" in misspelt.stderr


@pytest.mark.parametrize("text", ["PATH=/bin\n", "PATCHLINE_WEB__PORT\n"])
def test_what_sets_nothing_of_ours_is_refused(patchline: Command, tmp_path: Path, text: str) -> None:
    file = tmp_path / "bad.env"
    file.write_text(text)
    ended = patchline("--settings", file, "topics", "check")
    assert (ended.code, "sets nothing of ours" in ended.sentence) == (2, True)


def test_a_shell_completes_commands() -> None:
    asked = {"_PATCHLINE_COMPLETE": "complete_bash", "COMP_WORDS": "patchline be", "COMP_CWORD": "1"}
    done = subprocess.run(
        [sys.executable, "-m", "workers"],
        env={**os.environ, **asked},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == ["bench"]
