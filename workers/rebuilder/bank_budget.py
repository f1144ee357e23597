"""How large a bank may grow, in vectors and in bytes, and what it is selected down to when it is larger."""

from dataclasses import dataclass

from service.patchcore import MemoryBank, Recipe

_BYTES_A_NUMBER = 2


@dataclass(frozen=True, slots=True)
class BankBudget:
    """A bank may hold ``factor`` times what its recipe keeps at most, and its vectors ``size_bytes``."""

    factor: float = 1.5
    size_bytes: int = 2**30

    def outgrown(self, bank: MemoryBank) -> bool:
        """Whether the bank has to be selected again."""
        return bank.size > self.factor * bank.recipe.max_vectors or bank.vectors.nbytes > self.size_bytes

    def recipe(self, bank: MemoryBank) -> Recipe:
        """What the bank is selected by: its own recipe, with fewer vectors where these would take so many
        bytes that the next growth had to select again. Never fewer than the recipe's ``min_vectors``."""
        affordable = int(self.size_bytes / (self.factor * _BYTES_A_NUMBER * bank.dim))
        affordable = max(affordable, bank.recipe.min_vectors, 1)
        if affordable >= bank.recipe.max_vectors:
            return bank.recipe
        return Recipe.model_validate(dict(bank.recipe) | {"max_vectors": affordable})
