"""No id, however hostile, makes a key that leaves its place."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.ids import is_line_id
from service.store import keys

UID = UUID("5b0f3f6e-8f0a-5d0b-9a51-2f1c6c0e7a11")
SHA = "ab" * 32


def test_the_layout_is_the_published_one() -> None:
    assert keys.frame_key("line1", UID) == f"frames/line1/5b/{UID}"
    assert keys.heatmap_key("line1", UID, SHA) == f"heatmaps/line1/5b/{UID}-abababababab.png"
    assert keys.bank_key("line1", "default", SHA) == f"banks/line1/default/{SHA}.safetensors"
    assert keys.activation_key("line1", 7) == "activations/line1/7.json"
    assert keys.part_key("line1", "default", SHA) == f"parts/line1/default/{SHA}"
    assert keys.canary_key("line1", "default", SHA) == f"canaries/line1/default/{SHA}"
    assert keys.canary_record_key("line1", "default", SHA) == f"canaries/line1/default/{SHA}.json"
    assert (
        keys.features_key("line1", "default", SHA, SHA) == f"features/line1/default/{SHA}-{SHA}.safetensors"
    )


@given(st.text())
def test_a_line_that_is_no_line_id_is_refused_everywhere(line: str) -> None:
    if is_line_id(line):
        return
    with pytest.raises(ValueError, match="is refused"):
        keys.frame_key(line, UID)
    with pytest.raises(ValueError, match="is refused"):
        keys.bank_key(line, "default", SHA)
    with pytest.raises(ValueError, match="is refused"):
        keys.bank_key("line1", line, SHA)
    with pytest.raises(ValueError, match="is refused"):
        keys.activation_key(line, 1)


@pytest.mark.parametrize("sha", ["", "AB" * 32, "ab" * 31, "../" + "a" * 61, SHA + "\n"])
def test_a_hash_that_is_none_is_refused(sha: str) -> None:
    with pytest.raises(ValueError, match="64 lower-case"):
        keys.part_key("line1", "default", sha)


def test_epochs_begin_at_one() -> None:
    with pytest.raises(ValueError, match="begin at 1"):
        keys.activation_key("line1", 0)
