"""Parts and versions as people name them, found in the installation."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from workers.cli.failures import Refused
from workers.cli.stored_banks import Installation, with_installation

if TYPE_CHECKING:
    from service.banks.manifest import PartEntry

_FEWEST_DIGITS = 6


@dataclass(frozen=True, slots=True)
class FoundPart:
    """A part of a model's bank."""

    model: str
    entry: "PartEntry"


def find_part(line: str, model: str | None, name: str) -> FoundPart:
    """The part of the bank in force, or of the newest bank of another model, that has this name, part id or
    sha256 (its first six digits or more). Raises ``Refused`` where none or several have it."""

    async def look(installation: Installation) -> FoundPart:
        active = installation.epoch(line)
        other = model is not None and model != active.model
        bank = await installation.bank(installation.newest(line, model) if other and model else active)
        found = matching(bank.manifest.parts, name)
        if len(found) == 1:
            return FoundPart(bank.manifest.model, found[0])
        of = f"{line}/{bank.manifest.model}"
        if not found:
            raise Refused(f"{of} has no part {name!r} in its bank: nothing is removed")
        sha256s = ", ".join(entry.sha256[:12] for entry in found[:3])
        raise Refused(
            f"{len(found)} parts of {of} are called {name!r}: name one by its sha256, such as {sha256s}"
        )

    return with_installation(look)


def whole_version(line: str, model: str, version: str) -> str:
    """A version from its first digits. A whole one is left to the rebuilder, which knows best."""
    from schemas.ids import is_sha256

    if is_sha256(version):
        return version

    async def look(installation: Installation) -> str:
        return installation.published(line, model, version).version

    return with_installation(look)


def matching(parts: "Sequence[PartEntry]", name: str) -> "list[PartEntry]":
    """The parts that go by a name."""
    digits = name.lower() if len(name) >= _FEWEST_DIGITS else None
    return [
        part
        for part in parts
        if name in (part.name, part.part_id) or (digits and part.sha256.startswith(digits))
    ]
