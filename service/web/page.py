"""A running page: view, feed and server over a broker and a store, from entry to exit of one block."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager, suppress
from dataclasses import dataclass

import uvicorn

from schemas.topics import TOPICS, TopicKind
from service.alerting import HygienePolicy
from service.banks.cache import NoCache
from service.banks.redis_client import redis_client
from service.banks.source import BankSource
from service.images.decode import ImageLimits
from service.letters.box import LetterBox
from service.runtime.background_server import BackgroundServer
from service.runtime.version import package_version
from service.settings import Settings, WebSettings
from service.signing.signatures import open_signatures
from service.signing.statement import KeyUse
from service.store import ObjectStore
from service.stream.base import Broker
from service.web.access.cookie import Cookie
from service.web.access.reception import Reception
from service.web.alert_desk import AlertDesk
from service.web.answering import Answering
from service.web.app import create_app
from service.web.approvals import Approvals
from service.web.bank_books import BankBooks
from service.web.bench import Bench, NoBench
from service.web.claims import Claims
from service.web.command_log import CommandLog
from service.web.connection import MAX_HEAD_BYTES, Connection
from service.web.context import Context
from service.web.exposure import opened_accounts, require_loopback_or_users
from service.web.feed import Feed
from service.web.frame_names import FrameNames
from service.web.hub import Hub
from service.web.nearest import NearestPatches
from service.web.orders import Orders
from service.web.pages.wall import draw_tile
from service.web.plant_state import PlantWatch
from service.web.teaching import Banks, teaching_with
from service.web.thumbs import thumbnails
from service.web.view import View

NO_BENCH = NoBench()
VIEW_FILE = "view.sqlite"
# Live connections end by themselves when the hub closes; whatever else lingers is cut off after this.
GRACE_SECONDS = 2


@dataclass(frozen=True)
class Page:
    """A page that is fed. ``feeding`` ends only when the feed fails, and holds its error."""

    context: Context
    feed: Feed
    feeding: asyncio.Task[None]


@asynccontextmanager
async def fed_page(
    settings: Settings, broker: Broker, store: ObjectStore, bench: Bench = NO_BENCH
) -> AsyncIterator[Page]:
    """The page without a server; the ``bench`` is stopped at its end. Raises ``StreamError`` without a
    broker, ``SettingsError`` for keys that will not do."""
    view = View(settings.store.cache_dir / VIEW_FILE, settings.web.keep_verdicts, _policy(settings))
    reception = _reception(settings.web)
    try:
        hub = Hub()
        signatures = open_signatures(settings.signing, KeyUse.COMMANDS)
        # This one signs commands, and nothing else: what the page sends again is the word of others.
        producer = await broker.producer()
        signing = signatures.producer(producer)
        prefix = settings.kafka.topic_prefix
        commands = TOPICS[TopicKind.COMMANDS].name(prefix)
        names, log = FrameNames(view, store), CommandLog(view, signing, commands)
        limit = settings.inspector.max_reference_bytes
        approvals, orders = Approvals(names, log), Orders(names, log)
        letters = LetterBox(broker, producer, store, prefix)
        source = BankSource(store, NoCache(), settings.store.cache_dir, trust=signatures.trust)
        books = BankBooks(source)
        limits = ImageLimits(settings.inspector.max_pixels, limit)
        keep, trust = settings.web.keep_verdicts, signatures.trust
        feed = Feed(broker, view, hub, draw_tile, prefix=prefix, keep=keep, trust=trust)
        redis = redis_client(settings.redis)
        plant = PlantWatch(broker, redis, store, prefix, settings.inspector.group)
        async with (
            aclosing(redis),
            _fed(feed) as feeding,
            thumbnails(store, limit) as thumbs,
            teaching_with(view, store, names, log, Banks(source, books, bench), limits) as teaching,
        ):
            context = Context(
                view=view,
                store=store,
                hub=hub,
                approvals=approvals,
                orders=orders,
                public_url=settings.web.public_url,
                max_frame_bytes=limit,
                letters=letters,
                books=books,
                reception=reception,
                answering=Answering(view, names, log),
                claims=Claims(),
                thumbs=thumbs,
                still_reading=feed.not_ready_because,
                nearest=NearestPatches(view, source, store),
                alerts=AlertDesk(
                    view.hygiene,
                    producer,
                    TOPICS[TopicKind.LINE_EVENTS].name(prefix),
                    signatures.signer,
                ),
                teaching=teaching,
                plant=plant,
            )
            yield Page(context, feed, feeding)
    finally:
        await view.close()
        await asyncio.to_thread(reception.close)


@asynccontextmanager
async def served(settings: Settings, page: Page) -> AsyncIterator[str]:
    """Serve the page while the block runs; yields its address. Raises ``SettingsError`` for an address
    that other machines could reach, ``OSError`` for one that is taken."""
    require_loopback_or_users(settings.web)
    config = uvicorn.Config(
        create_app(page.context, version=package_version()),
        host=settings.web.host,
        port=settings.web.port,
        log_config=None,
        access_log=False,
        server_header=False,
        http=Connection,
        ws="none",
        h11_max_incomplete_event_size=MAX_HEAD_BYTES,
        proxy_headers=bool(settings.web.trusted_proxies),
        forwarded_allow_ips=settings.web.trusted_proxies,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    async with BackgroundServer(config) as server:
        try:
            yield f"http://{_bracketed(settings.web.host)}:{server.port}"
        finally:
            page.context.hub.close()


@asynccontextmanager
async def _fed(feed: Feed) -> AsyncIterator[asyncio.Task[None]]:
    task = asyncio.create_task(feed.run(), name="feed")
    try:
        yield task
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


def _policy(settings: Settings) -> HygienePolicy:
    return HygienePolicy(settings.alerts.group_seconds, settings.alerts.cooldown_seconds)


def _reception(settings: WebSettings) -> Reception:
    cookie = Cookie(
        secure=settings.public_url.startswith("https:"), max_age=int(settings.session_hours * 3600)
    )
    return Reception(opened_accounts(settings), cookie)


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
