"""``patchline users`` and ``tokens``: what is added lets in, and no secret is an argument."""

from http.server import ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from tests.cli.conftest import Command
from tests.cli.page import Page, state

PASSWORD = "three blue lathes"  # noqa: S105 - of nobody


@pytest.fixture(autouse=True)
def accounts_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    file = tmp_path / "accounts.sqlite"
    monkeypatch.setenv("PATCHLINE_WEB__ACCOUNTS", str(file))
    return file


@pytest.fixture
def eva(patchline: Command, tmp_path: Path) -> None:
    password = tmp_path / "password"
    password.write_text(PASSWORD + "\n")
    added = patchline("users", "add", "eva", "--role", "engineer", "--password-file", str(password), "--json")
    assert added.json == {"name": "eva", "role": "engineer", "has_password": True}


def test_users_are_added_listed_changed_and_removed(patchline: Command, eva: None) -> None:
    assert "eva" in patchline("users", "list").out
    assert patchline("users", "add", "plc", "--role", "viewer", "--no-password").code == 0
    assert patchline("users", "role", "plc", "--role", "operator", "--json").json["role"] == "operator"
    assert patchline("users", "remove", "plc", "--json").json == {"name": "plc", "removed": True}
    assert [user["name"] for user in patchline("users", "list", "--json").json["users"]] == ["eva"]


@pytest.mark.parametrize(
    "arguments",
    [
        ("users", "remove", "eva"),
        ("users", "role", "nobody", "--role", "viewer"),
        ("users", "add", "Eva", "--role", "viewer", "--no-password"),
        ("tokens", "new", "x", "--user", "nobody"),
        ("tokens", "revoke", "0123"),
    ],
)
def test_a_refused_change_is_one_sentence_and_exit_code_2(
    patchline: Command, eva: None, arguments: tuple[str, ...]
) -> None:
    ended = patchline(*arguments)
    assert ended.code == 2
    assert len(ended.err.strip().splitlines()) == 1


def test_a_password_and_a_token_are_never_arguments(patchline: Command) -> None:
    assert patchline("users", "add", "eva", "--role", "engineer", "--password", PASSWORD).code == 2
    assert patchline("approve", "line1", "x", "--token", "y").code == 2


def test_a_token_is_shown_once_listed_without_its_secret_and_revoked(
    patchline: Command, eva: None, tmp_path: Path
) -> None:
    file = tmp_path / "plc.token"
    made = patchline(
        *("tokens", "new", "plc", "--user", "eva", "--line", "line1", "--out", str(file), "--json")
    ).json
    text = file.read_text().strip()
    assert file.stat().st_mode & 0o777 == 0o600
    assert (made["role"], made["lines"], made["state"]) == ("viewer", ["line1"], "valid")
    listed = patchline("tokens", "list")
    assert made["id"] in listed.out
    assert text.rpartition("_")[2] not in listed.out
    assert patchline("tokens", "revoke", made["id"], "--json").json["state"] == "revoked"
    assert patchline("tokens", "new", "plc", "--user", "eva", "--out", str(file)).code == 1


def test_the_command_line_shows_the_token_of_its_file(
    patchline: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Page.tokens = []
    Page.answers = {
        "POST": (202, {"command_id": "c1", "epoch_before": 1}),
        "GET": state("done", "Done.", 2),
    }
    server = ThreadingHTTPServer(("127.0.0.1", 0), Page)
    Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}"
    file, own = tmp_path / "token", tmp_path / "own"
    file.write_text("patchline_1\n")
    own.write_text("patchline_2\n")
    try:
        monkeypatch.setenv("PATCHLINE_WEB__TOKEN_FILE", str(file))
        assert patchline("approve", "line1", "x", "--url", url).code == 0
        assert patchline("approve", "line1", "x", "--url", url, "--token-file", str(own)).code == 0
        own.write_text("two words\n")
        assert patchline("approve", "line1", "x", "--url", url, "--token-file", str(own)).code == 2
    finally:
        server.shutdown()
        server.server_close()
    assert Page.tokens == ["Bearer patchline_1", "Bearer patchline_2"]
