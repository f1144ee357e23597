"""The bank file: equal content, equal bytes; whatever is unsound is refused with its reason."""

import json
import pickle
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from safetensors.numpy import load, save

from schemas.ids import sha256_hex
from service.banks.bank_file import check_fits, read_bank, write_bank
from service.banks.manifest import Manifest
from service.banks.refusal import BankRefused, Refusal
from tests.banks.conftest import WEIGHTS, manifest_of, small_bank

FILE = write_bank(small_bank(), manifest_of(small_bank()))


def refusal(data: bytes | Path, version: str | None = None) -> Refusal:
    with pytest.raises(BankRefused) as caught:
        read_bank(data, version=version)
    assert str(caught.value).startswith(caught.value.reason.sentence)
    return caught.value.reason


def altered(**arrays: NDArray[Any] | None) -> bytes:
    """The file with arrays exchanged, or left out."""
    kept = {name: array for name, array in {**load(FILE), **arrays}.items() if array is not None}
    return save(kept, metadata={"manifest": manifest_of(small_bank()).canonical()})


def with_manifest(**changes: object) -> bytes:
    """The file with fields of its manifest exchanged."""
    values = json.loads(manifest_of(small_bank()).canonical()) | changes
    return save(load(FILE), metadata={"manifest": json.dumps(values)})


def with_header(header: bytes, body: bytes = b"") -> bytes:
    return struct.pack("<Q", len(header)) + header + body


@pytest.mark.parametrize(("whiten", "shifted"), [(False, False), (True, False), (True, True)])
def test_a_bank_is_read_as_it_was_written(whiten: bool, shifted: bool, tmp_path: Path) -> None:
    bank = small_bank(whiten=whiten, shifted=shifted)
    data = write_bank(bank, manifest_of(bank))
    (tmp_path / "bank").write_bytes(data)
    for source in (data, tmp_path / "bank"):
        loaded = read_bank(source, version=sha256_hex(data))
        assert loaded.manifest == manifest_of(bank)
        assert (loaded.version, loaded.size_bytes) == (sha256_hex(data), len(data))
        for name in ("vectors", "vector_part", "calibration_scores", "calibration_parts"):
            assert np.array_equal(getattr(loaded.memory_bank, name), getattr(bank, name))
        shifts = loaded.memory_bank.calibration_shifts
        assert (None if shifts is None else shifts.tobytes()) == (
            None if bank.calibration_shifts is None else bank.calibration_shifts.tobytes()
        )
        assert loaded.memory_bank.selection_radius == bank.selection_radius
        assert loaded.memory_bank.part_count == 4
        assert (loaded.memory_bank.whitening is None) is (not whiten)


def test_equal_content_has_equal_bytes_whatever_the_memory_order() -> None:
    bank = small_bank(whiten=True)
    assert bank.whitening is not None
    turned = small_bank(whiten=True)
    assert turned.whitening is not None
    object.__setattr__(turned, "vectors", np.asfortranarray(turned.vectors))
    object.__setattr__(turned.whitening, "matrix", np.asfortranarray(turned.whitening.matrix))
    assert write_bank(turned, manifest_of(turned)) == write_bank(bank, manifest_of(bank))
    assert write_bank(small_bank(), manifest_of(small_bank())) == FILE


def test_another_process_writes_the_same_bytes() -> None:
    program = (
        "from tests.banks.conftest import *; from service.banks.bank_file import write_bank; import hashlib;"
        "print(hashlib.sha256(write_bank(small_bank(), manifest_of(small_bank()))).hexdigest())"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == sha256_hex(FILE)


def test_a_bank_of_line_a_is_refused_on_line_b() -> None:
    loaded = read_bank(FILE)
    fits = {
        "line": "line1",
        "model": "default",
        "backbone": "tf_efficientnet_lite0",
        "weights_sha256": WEIGHTS,
    }
    check_fits(loaded, **fits)
    for field, other, reason in (
        ("line", "line2", Refusal.OTHER_LINE),
        ("model", "lids", Refusal.OTHER_MODEL),
        ("backbone", "resnet", Refusal.OTHER_BACKBONE),
        ("weights_sha256", "00" * 32, Refusal.OTHER_BACKBONE),
    ):
        with pytest.raises(BankRefused) as caught:
            check_fits(loaded, **(fits | {field: other}))
        assert caught.value.reason is reason


def test_other_bytes_than_the_version_names_are_refused_unparsed() -> None:
    assert refusal(b"garbage", "ab" * 32) is Refusal.WRONG_HASH


@pytest.mark.parametrize("cut", [0, 1, 7, 8, 9, 200, len(FILE) - 1])
def test_a_truncated_file_is_refused(cut: int) -> None:
    assert refusal(FILE[:cut]) is Refusal.UNREADABLE


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_a_damaged_file_is_read_or_refused_but_never_anything_else(data: st.DataObject) -> None:
    spoilt = bytearray(FILE)
    for _ in range(data.draw(st.integers(1, 4))):
        spoilt[data.draw(st.integers(0, len(FILE) - 1))] = data.draw(st.integers(0, 255))
    try:
        read_bank(bytes(spoilt))
    except BankRefused as refused:
        assert refused.reason in Refusal  # noqa: PT017  either outcome is right, other errors are not


@given(st.binary(max_size=300))
def test_arbitrary_bytes_are_refused(data: bytes) -> None:
    assert refusal(data) is Refusal.UNREADABLE


@pytest.mark.parametrize("length", [2**63, 2**40, 100_000_000, 2**24 + 1])
def test_a_huge_header_is_refused_before_anything_is_allocated(length: int) -> None:
    assert refusal(struct.pack("<Q", length) + b"{}") is Refusal.UNREADABLE


@pytest.mark.parametrize(
    "header",
    [
        b"[" * 100_000,
        b'{"a":' * 50_000,
        b"[]",
        b"null",
        b"\xff\xfe",
        b"{}",
        b'{"__metadata__":{"manifest":"{}","more":"x"}}',
        b'{"__metadata__":{"manifest":"[]"}}',
        b'{"__metadata__":{"manifest":7}}',
        b'{"__metadata__":{"manifest":"{}"},"__metadata__":{"manifest":"{}"}}',
        b'{"__metadata__":' + b"9" * 5000 + b"}",
    ],
)
def test_a_hostile_header_is_refused(header: bytes) -> None:
    assert refusal(with_header(header)) is Refusal.UNREADABLE


def test_a_shape_that_overflows_is_refused() -> None:
    entry = {"dtype": "F16", "shape": [2**40, 2**40], "data_offsets": [0, 0]}
    header = {"__metadata__": {"manifest": "{}"}, "vectors": entry}
    assert refusal(with_header(json.dumps(header).encode())) is Refusal.UNREADABLE


def test_a_pickle_is_refused_and_never_run() -> None:
    class Trap:
        def __reduce__(self) -> tuple[object, ...]:
            return pytest.fail, ("it was run",)

    assert refusal(pickle.dumps(Trap())) is Refusal.UNREADABLE


@pytest.mark.parametrize("name", ["vectors", "calibration_scores"])
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_values_that_are_not_finite_are_refused(name: str, value: float) -> None:
    array = load(FILE)[name]
    array.flat[0] = value
    assert refusal(altered(**{name: array})) is Refusal.NOT_FINITE


@pytest.mark.parametrize(
    "arrays",
    [
        {"vectors": np.zeros((20, 6), np.float32)},
        {"vectors": np.zeros(20, np.float16)},
        {"vectors": np.zeros((19, 6), np.float16)},
        {"vectors": None},
        {"calibration_parts": np.zeros(3, np.int32)},
        {"calibration_parts": np.array([0, 1, 2, 4], np.int32)},
        {"vector_part": np.full(20, -1, np.int32)},
        {"vector_part": np.full(20, 4, np.int32)},
        {"surprise": np.zeros(1, np.float32)},
        {"calibration_shifts": np.zeros(4, np.float32)},
        {"whitening_mean": np.zeros(6, np.float32)},
        {"whitening_mean": np.zeros(6, np.float32), "whitening_matrix": np.zeros((6, 6), np.float32)},
    ],
)
def test_arrays_that_do_not_agree_are_refused(arrays: dict[str, NDArray[Any] | None]) -> None:
    assert refusal(altered(**arrays)) is Refusal.WRONG_SHAPE


def test_shifts_of_other_parts_than_calibrate_are_refused() -> None:
    bank = small_bank(whiten=True, shifted=True)
    arrays = load(write_bank(bank, manifest_of(bank)))
    for count in (3, 5):
        arrays["calibration_shifts"] = np.zeros(count, np.float32)
        data = save(arrays, metadata={"manifest": manifest_of(bank).canonical()})
        assert refusal(data) is Refusal.WRONG_SHAPE


def test_an_empty_bank_is_refused() -> None:
    none, no_parts = np.zeros(0, np.float32), np.zeros(0, np.int32)
    assert refusal(altered(vectors=np.zeros((0, 6), np.float16), vector_part=no_parts)) is Refusal.EMPTY
    assert refusal(altered(calibration_scores=none, calibration_parts=no_parts)) is Refusal.EMPTY


def test_a_part_listed_twice_is_refused() -> None:
    part = {"sha256": "ab" * 32, "name": "", "part_id": None, "origin": "trained"}
    assert refusal(with_manifest(parts=[part] * 4)) is Refusal.UNREADABLE


@pytest.mark.parametrize(
    "change", [{"line": "../x"}, {"selection_radius": -1}, {"surprise": 1}, {"coverage_radius": 1e999}]
)
def test_a_manifest_that_breaks_its_rules_is_refused(change: dict[str, object]) -> None:
    assert refusal(with_manifest(**change)) is Refusal.UNREADABLE


def test_a_format_of_another_age_is_said_to_be_that() -> None:
    assert refusal(with_manifest(format=2, new_field=1)) is Refusal.UNKNOWN_FORMAT


def test_what_would_be_refused_is_never_written() -> None:
    bank = small_bank()
    bank.vectors[0, 0] = np.nan
    with pytest.raises(BankRefused, match="not finite"):
        write_bank(bank, manifest_of(bank))


@pytest.mark.parametrize("change", [{"grid": (4, 4)}, {"selection_radius": 9.0}, {"parts": ()}])
def test_a_manifest_of_another_bank_is_never_written(change: dict[str, object]) -> None:
    other = Manifest.model_validate(manifest_of(small_bank()).model_dump() | change)
    with pytest.raises(ValueError, match="manifest"):
        write_bank(small_bank(), other)


def test_a_refusal_survives_the_way_to_another_process() -> None:
    refused = BankRefused(Refusal.NOT_FINITE, "Look at its vectors.")
    again = pickle.loads(pickle.dumps(refused))  # noqa: S301  our own bytes
    assert (again.reason, str(again)) == (refused.reason, str(refused))
    assert str(BankRefused(refused.reason, refused.sentence)) == str(refused)
