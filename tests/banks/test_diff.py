"""What differs between two banks."""

from dataclasses import replace

import numpy as np

from service.banks.bank_file import LoadedBank
from service.banks.diff import BankDiff
from service.banks.manifest import Manifest, PartEntry
from service.patchcore.memory_bank import MemoryBank
from tests.banks.conftest import manifest_of, small_bank


def loaded(bank: MemoryBank, manifest: Manifest | None = None) -> LoadedBank:
    return LoadedBank(bank, manifest or manifest_of(bank), "ab" * 32, 1000)


def test_a_bank_does_not_differ_from_itself() -> None:
    bank = loaded(small_bank())
    assert BankDiff.of(bank, bank) == BankDiff((), (), bank.memory_bank.size, ())


def test_growth_adds_parts_and_keeps_every_vector_and_the_way_back_removes_them() -> None:
    before = loaded(small_bank(vectors=20, parts=4))
    old = before.memory_bank
    grown = replace(
        old,
        vectors=np.concatenate([old.vectors, np.ones((2, old.dim), np.float16)]),
        vector_part=np.concatenate([old.vector_part, np.full(2, 4, np.int32)]),
        part_count=5,
    )
    new = PartEntry(sha256="ff" * 32, name="new.png", origin="approved")
    manifest = before.manifest.model_copy(update={"parts": (*before.manifest.parts, new)})
    after = loaded(grown, manifest)
    there, back = BankDiff.of(before, after), BankDiff.of(after, before)
    assert (there.parts_added, there.parts_removed, there.vectors_kept) == ((new,), (), 20)
    assert (back.parts_added, back.parts_removed, back.vectors_kept) == ((), (new,), 20)


def test_a_changed_recipe_is_named_by_what_changed() -> None:
    bank = loaded(small_bank())
    recipe = bank.manifest.recipe.model_copy(update={"input_pixels": 128 * 128})
    other = loaded(bank.memory_bank, bank.manifest.model_copy(update={"recipe": recipe}))
    assert BankDiff.of(bank, other).recipe_changed == ("input_pixels",)
