"""The rebuilder over a broker, a store and a cache, whichever they are."""

import asyncio
import threading
from collections.abc import Callable
from contextlib import AsyncExitStack

import structlog

from schemas.topics import TOPICS, TopicKind
from service.banks.activation_reader import ActivationFollower
from service.banks.cache import BankCache
from service.banks.source import BankSource
from service.settings import RebuilderSettings, Settings
from service.signing.signatures import Signatures, open_signatures
from service.signing.statement import KeyUse
from service.store import ObjectStore
from service.stream.base import Broker
from service.training.gates import GateLimits
from service.training.publish import open_outlets
from workers.rebuilder.approval import Approvals
from workers.rebuilder.aside import Aside
from workers.rebuilder.bank_budget import BankBudget
from workers.rebuilder.canaries import CanaryKeeper
from workers.rebuilder.clerk import Clerk
from workers.rebuilder.door import Door
from workers.rebuilder.extraction import Extraction
from workers.rebuilder.frames import Frames
from workers.rebuilder.gatekeeper import Gatekeeper
from workers.rebuilder.in_force import InForce
from workers.rebuilder.intake import Intake
from workers.rebuilder.journal import Journal
from workers.rebuilder.known_features import KnownFeatures
from workers.rebuilder.lesson import Classroom
from workers.rebuilder.maintenance import MaintenanceDesk
from workers.rebuilder.models import Models
from workers.rebuilder.rebuilds import Rebuilds
from workers.rebuilder.repointing import Repointer
from workers.rebuilder.reselection import Reselection
from workers.rebuilder.results import Results
from workers.rebuilder.shadowing import Shadow, ShadowRules
from workers.rebuilder.trainings import Trainings
from workers.rebuilder.trial import Trials
from workers.rebuilder.vouching import vouch
from workers.rebuilder.warming import kept_warm
from workers.trainer.client import Trainer, Training

_log = structlog.get_logger()


def _unheard() -> None:
    """Nobody waits for the rebuilder to be ready."""


async def run_rebuilder(
    settings: Settings,
    broker: Broker,
    store: ObjectStore,
    cache: BankCache,
    extraction: Extraction,
    stop: asyncio.Event,
    ready: Callable[[], None] = _unheard,
    train: Training | None = None,
) -> int:
    """Carry out commands until ``stop``; 0 after a clean stop. ``ready`` is called once the results of the
    past are read and the group is joined. ``train`` stands in for processes of their own. The caller keeps
    what it gave. Raises ``StreamError`` when the
    broker is lost for good: start again, nothing is lost or done twice; ``SettingsError`` for keys that will
    not do."""
    stopping = threading.Event()
    async with AsyncExitStack() as stack:
        stack.callback(stopping.set)
        signatures = open_signatures(settings.signing, KeyUse.BANKS)
        trainer = train or Trainer(settings)
        clerk, journal = await _clerk(
            settings, broker, store, cache, extraction, trainer, signatures, stopping, stack
        )
        member = await broker.join(_topic(settings, TopicKind.COMMANDS), settings.rebuilder.group)
        stack.push_async_callback(member.close)
        ready()
        _log.info("rebuilder ready")
        await Intake(member, journal, clerk.carry_out, Door(signatures.trust, journal)).run(stop)
    _log.info("rebuilder stopped")
    return 0


async def _clerk(
    settings: Settings,
    broker: Broker,
    store: ObjectStore,
    cache: BankCache,
    extraction: Extraction,
    train: Training,
    signatures: Signatures,
    stopping: threading.Event,
    stack: AsyncExitStack,
) -> tuple[Clerk, Journal]:
    banks = _topic(settings, TopicKind.BANKS)
    prefix, trust = settings.kafka.topic_prefix, signatures.trust
    outlets = await stack.enter_async_context(open_outlets(broker, store, cache, prefix, signatures))
    follower = ActivationFollower(await broker.reader(banks), banks, trust=trust)
    stack.push_async_callback(follower.close)
    journal = await _journal(settings, broker, signatures, stack)
    results, in_force = Results(journal), InForce(follower)
    features = KnownFeatures(store, extraction)
    models = Models(BankSource(store, cache, settings.store.cache_dir, trust=trust), features)
    frames = Frames(store, settings.inspector.max_reference_bytes)
    classroom = Classroom(store, frames, extraction, results)
    limits = _limits(settings.rebuilder)
    gatekeeper = Gatekeeper(journal, models, features, limits)
    await stack.enter_async_context(kept_warm(in_force, models, gatekeeper, extraction))
    reselection = Reselection(features, results, stopping)
    trials = Trials(gatekeeper, reselection, _budget(settings.rebuilder))
    verdicts, rules = _topic(settings, TopicKind.VERDICTS), settings.rebuilder
    shadow = Shadow(
        broker, verdicts, frames, extraction, results, ShadowRules(rules.shadow_frames, rules.shadow_flips)
    )
    aside = Aside(in_force, models, classroom, gatekeeper, trials, outlets, results, broker, banks, trust)
    approvals = Approvals(in_force, models, classroom, gatekeeper, trials, shadow, aside, outlets, results)
    rebuilds = Rebuilds(in_force, models, reselection, gatekeeper, shadow, outlets, results)
    repointer = Repointer(in_force, models, outlets.writer, results, broker, banks, trust)
    canaries = CanaryKeeper(in_force, models, frames, extraction, store, journal, results)
    maintenance = MaintenanceDesk(in_force, journal, results)
    trainings = Trainings(in_force, frames, train, store, outlets, results, broker, banks, trust)
    clerk = Clerk(journal, results, approvals, rebuilds, repointer, canaries, maintenance, trainings)
    return clerk, journal


def _limits(settings: RebuilderSettings) -> GateLimits:
    return GateLimits(
        settings.canary_margin_loss,
        settings.suspicious_multiple,
        settings.canary_part_cost,
        settings.canary_usual_cost,
        settings.usual_p,
    )


def _budget(settings: RebuilderSettings) -> BankBudget:
    return BankBudget(settings.budget_factor, settings.budget_bytes)


async def _journal(
    settings: Settings, broker: Broker, signatures: Signatures, stack: AsyncExitStack
) -> Journal:
    topic = _topic(settings, TopicKind.LINE_EVENTS)
    await vouch(broker, topic, signatures)
    reader, producer = await broker.reader(topic), await broker.producer()
    stack.push_async_callback(reader.close)
    stack.push_async_callback(producer.close)
    journal = Journal(reader, producer, topic, signatures=signatures)
    await journal.read_to_end()
    return journal


def _topic(settings: Settings, kind: TopicKind) -> str:
    return TOPICS[kind].name(settings.kafka.topic_prefix)
