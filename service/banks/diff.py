"""What differs between two banks of a line."""

from dataclasses import dataclass

from service.banks.bank_file import LoadedBank
from service.banks.manifest import PartEntry


@dataclass(frozen=True, slots=True)
class BankDiff:
    """``vectors_kept`` are the vectors that both banks have, of the same part."""

    parts_added: tuple[PartEntry, ...]
    parts_removed: tuple[PartEntry, ...]
    vectors_kept: int
    recipe_changed: tuple[str, ...]

    @classmethod
    def of(cls, before: LoadedBank, after: LoadedBank) -> "BankDiff":
        """From one bank to another. Blocks for a look at every vector."""
        old = {part.sha256: part for part in before.manifest.parts}
        new = {part.sha256: part for part in after.manifest.parts}
        recipes = before.manifest.recipe.model_dump(), after.manifest.recipe.model_dump()
        return cls(
            parts_added=tuple(part for sha256, part in new.items() if sha256 not in old),
            parts_removed=tuple(part for sha256, part in old.items() if sha256 not in new),
            vectors_kept=len(_vectors(before) & _vectors(after)),
            recipe_changed=tuple(name for name in recipes[0] if recipes[0][name] != recipes[1].get(name)),
        )


def _vectors(loaded: LoadedBank) -> set[tuple[str, bytes]]:
    bank, parts = loaded.memory_bank, loaded.manifest.parts
    owners = zip(bank.vectors, bank.vector_part, strict=True)
    return {(parts[int(part)].sha256, vector.tobytes()) for vector, part in owners}
