"""Commands that build nothing: another version, or other rates, in force from the next epoch on."""

from dataclasses import dataclass

from schemas.activation import Activated, Published, Thresholds
from schemas.command import Activate, Rollback, SetFalseAlarmRate
from service.banks.activation_writer import ActivationDraft, ActivationWriter
from service.signing.trust import Trust
from service.stream.base import Broker
from service.training.thresholds import Rates, thresholds_of
from workers.rebuilder.in_force import InForce, Standing
from workers.rebuilder.job import CommandRefused, Job
from workers.rebuilder.lineage import read_lineage
from workers.rebuilder.models import Models
from workers.rebuilder.results import Results

MAX_RACES = 5
Repointing = Rollback | Activate | SetFalseAlarmRate


@dataclass(frozen=True, slots=True)
class Target:
    """What is to be in force, with which rates, and what people are told of it."""

    bank: Activated | Published
    rates: Rates
    told: str


class Repointer:
    """Carries out ``Rollback``, ``Activate`` and ``SetFalseAlarmRate``."""

    def __init__(
        self,
        in_force: InForce,
        models: Models,
        writer: ActivationWriter,
        results: Results,
        broker: Broker,
        topic: str,
        trust: Trust,
    ) -> None:
        self._in_force, self._models, self._writer, self._results = in_force, models, writer, results
        self._broker, self._topic, self._trust = broker, topic, trust

    async def carry_out(self, job: Job, command: Repointing) -> None:
        """Returns once the command has its result in the log. Raises as ``Approvals.carry_out`` does."""
        try:
            made, told = await self._activated(command)
        except CommandRefused as refused:
            await self._results.refused(job, str(refused))
        else:
            await self._results.done(job, made, f"epoch {made.epoch}: {told}")

    async def _activated(self, command: Repointing) -> tuple[Activated, str]:
        for _ in range(MAX_RACES):
            standing = await self._in_force.standing(command.line)
            made = standing.of_command(command.command_id)
            if made is not None:
                return made, "in force"
            target = await self._target(command, standing)
            answer = await self._writer.activate(command.line, await self._draft(command, standing, target))
            if isinstance(answer, Activated):
                return answer, target.told
        raise CommandRefused(f"line {command.line} changed {MAX_RACES} times meanwhile: ask again")

    async def _target(self, command: Repointing, standing: Standing) -> Target:
        if isinstance(command, Activate):
            return await self._named(command, standing)
        active = standing.require()
        if isinstance(command, Rollback):
            _require_epoch(command, standing)
            earlier = _earlier(command, standing)
            told = f"{earlier.model} {earlier.version[:12]} of epoch {earlier.epoch} is back in force"
            return Target(earlier, Rates.of(active.thresholds), told)
        return Target(active, _rates(command, standing), "the thresholds follow the new rates")

    async def _named(self, command: Activate, standing: Standing) -> Target:
        """Also on a line that never had a bank: its first may have been published without being put in
        force. Its rates are the usual ones then."""
        rates = _wished(command, standing)
        lineage = await read_lineage(self._broker, self._topic, standing, self._trust)
        newest = lineage.head(command.model)
        if newest is None:
            raise CommandRefused(
                f"line {command.line} has no published bank of model {command.model}: train one"
            )
        banks = [newest, *lineage.published(command.model)]
        found = next((bank for bank in banks if command.version in (None, bank.version)), None)
        if found is None:
            raise CommandRefused(
                f"version {str(command.version)[:12]} of model {command.model} was never published on line "
                f"{command.line}: name one of its versions"
            )
        return Target(found, rates, f"{command.model} {found.version[:12]} is in force")

    async def _draft(self, command: Repointing, standing: Standing, target: Target) -> ActivationDraft:
        bank = target.bank
        return ActivationDraft(
            model=bank.model,
            version=bank.version,
            size_bytes=bank.size_bytes,
            thresholds=await self._thresholds(bank, target.rates),
            based_on=standing.epoch or None,
            command_id=command.command_id,
            actor=command.actor,
            why=command.why,
        )

    async def _thresholds(self, bank: Activated | Published, rates: Rates) -> Thresholds:
        loaded = await self._models.bank(bank.line, bank.model, bank.version, bank.size_bytes)
        return thresholds_of(loaded.memory_bank.calibration_scores, rates.alpha, rates.review_alpha)


def _earlier(command: Rollback, standing: Standing) -> Activated:
    """The named epoch, else the newest one before this whose bank was another."""
    active = standing.require()
    if command.to_epoch is not None:
        if command.to_epoch == standing.epoch:
            raise CommandRefused(f"epoch {command.to_epoch} is in force already: name an earlier one")
        return standing.at(command.to_epoch)
    for entry in reversed(standing.history):
        made = entry.activation
        if made is not None and (made.model, made.version) != (active.model, active.version):
            return made
    raise CommandRefused(f"line {command.line} never had another bank: there is nothing to go back to")


def _require_epoch(command: Rollback, standing: Standing) -> None:
    if command.based_on_epoch not in (None, standing.epoch):
        raise CommandRefused(
            f"epoch {command.based_on_epoch} was to be undone and line {command.line} is at epoch "
            f"{standing.epoch} by now: remove the part instead"
        )


def _wished(command: Activate, standing: Standing) -> Rates:
    if command.alpha is None:
        return Rates.of(standing.require().thresholds) if standing.history else Rates()
    try:
        return Rates(command.alpha, command.review_alpha or max(command.alpha, min(0.5, 5 * command.alpha)))
    except ValueError as error:
        raise CommandRefused(str(error)) from error


def _rates(command: SetFalseAlarmRate, standing: Standing) -> Rates:
    if command.based_on_epoch != standing.epoch:
        raise CommandRefused(
            f"the rates were chosen for epoch {command.based_on_epoch} and line {command.line} is at epoch "
            f"{standing.epoch}: look at it again, then choose"
        )
    try:
        return Rates(command.alpha, command.review_alpha)
    except ValueError as error:
        raise CommandRefused(str(error)) from error
