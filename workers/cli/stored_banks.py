"""The banks of an installation as a command sees them: the log read once, and the files that it names."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from workers.cli.failures import Refused

if TYPE_CHECKING:
    from schemas.activation import Activated, Published
    from service.banks.bank_file import LoadedBank
    from service.banks.banks_log import BanksLog
    from service.settings import Settings
    from service.store import ObjectStore
    from service.stream.base import Broker

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Installation:
    """Broker and store, open for one command, and what was on the banks topic as it began."""

    settings: "Settings"
    broker: "Broker"
    store: "ObjectStore"
    log: "BanksLog"

    def epoch(self, line: str, epoch: int | None = None) -> "Activated":
        """The activation of an epoch, or the one in force. Raises ``Refused`` where there is none."""
        activations = self.log.activations
        newest = activations.epoch(line)
        if not newest:
            raise Refused(f"line {line} has no bank: `patchline banks list` names the lines that have one")
        entry = activations.at(line, newest if epoch is None else epoch)
        if entry is None:
            raise Refused(f"line {line} has no epoch {epoch}: it is at epoch {newest}")
        if entry.activation is None:
            raise Refused(entry.problem or f"epoch {entry.epoch} of {line} cannot be read")
        return entry.activation

    def published(self, line: str, model: str | None, version: str) -> "Published":
        """The published bank of a line whose version begins so. Raises ``Refused`` for none or several."""
        versions = self.log.versions.values()
        ours = [bank for bank in versions if bank.line == line and model in (None, bank.model)]
        found = [bank for bank in ours if bank.version.startswith(version.lower())]
        if len(found) == 1:
            return found[0]
        of = f"line {line}" if model is None else f"model {model} of line {line}"
        if found:
            raise Refused(f"{len(found)} versions of {of} begin with {version}: give more digits")
        raise Refused(
            f"version {version} of {of} was never published: `patchline banks show {line}` names those that "
            "were in force"
        )

    def newest(self, line: str, model: str) -> "Published":
        """The bank of a model that was published last. Raises ``Refused`` where there is none."""
        found = [bank for bank in self.log.versions.values() if (bank.line, bank.model) == (line, model)]
        if not found:
            raise Refused(f"line {line} has no published bank of model {model}: train one")
        return found[-1]

    async def bank(self, named: "Activated | Published") -> "LoadedBank":
        """The bank file, checked. Raises ``StoreError`` and ``BankRefused``."""
        from service.banks.bank_file import read_bank
        from service.store.keys import bank_key

        key = bank_key(named.line, named.model, named.version)
        data = await self.store.get(key, max_bytes=named.size_bytes)
        return await asyncio.to_thread(read_bank, data, version=named.version)


def with_installation(work: Callable[[Installation], Awaitable[T]]) -> T:
    """Open the installation of the environment, do the work in an event loop, close it."""
    from service.banks.banks_log import read_banks_log
    from service.signing.signatures import open_trust
    from service.store import open_store
    from workers.cli.installation import command_settings, connected
    from workers.cli.progress import spinner

    settings = command_settings()
    trust = open_trust(settings.signing)

    async def opened() -> T:
        async with connected(settings) as broker:
            with spinner(f"Asking the broker {settings.kafka.bootstrap}"):
                log = await read_banks_log(broker, settings.kafka.topic_prefix, trust)
            return await work(Installation(settings, broker, open_store(settings.store), log))

    return asyncio.run(opened())
