"""``patchline keys``: what it writes, lists and refuses."""

from pathlib import Path

import pytest

from service.signing.keys import read_public_keys
from tests.cli.conftest import Command, patchline
from tests.signing.keyring import BANKS, Keyring

__all__ = ["patchline"]


def test_a_new_key_is_listed_and_marked_where_it_signs(
    patchline: Command, ring: Keyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = patchline("keys", "new", "plant", "--for", "banks", "--dir", str(ring.folder), "--json").json
    patchline("keys", "new", "page", "--for", "commands", "--dir", str(ring.folder))
    monkeypatch.setenv("PATCHLINE_SIGNING__PUBLIC_KEYS", str(ring.folder))
    monkeypatch.setenv("PATCHLINE_SIGNING__BANKS_KEY", made["private"])
    keys = patchline("keys", "list", "--json").json["keys"]
    assert [(key["name"], key["use"], key["signs_here"]) for key in keys] == [
        ("page", "commands", False),
        ("plant", "banks", True),
    ]
    assert made["key_id"] in {key.key_id for key in read_public_keys(ring.folder)}
    assert "plant  signs here" in patchline("keys", "list").out


def test_what_cannot_be_is_refused_in_a_sentence(
    patchline: Command, ring: Keyring, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PATCHLINE_SIGNING__PUBLIC_KEYS", raising=False)
    ring.new("plant", BANKS)
    refusals = {
        "exists already": ("new", "plant", "--for", "banks", "--dir", str(ring.folder)),
        "is refused": ("new", "Plant One", "--for", "banks", "--dir", str(ring.folder)),
        "no folder of keys is known": ("list",),
        "holds no public key": ("list", "--dir", str(tmp_path / "none")),
        "Invalid value for '--for'": ("new", "plant", "--for", "all", "--dir", str(ring.folder)),
    }
    for sentence, arguments in refusals.items():
        ended = patchline("keys", *arguments)
        assert ended.code == 2
        assert sentence.removeprefix("Invalid value for ") in ended.sentence
