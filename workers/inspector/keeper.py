"""The keeper of banks: follows the banks log, fetches what is in force and has the worker load it.

Any failure keeps the old bank. A line whose first bank cannot be had yet waits; it is never ``no-bank``.
"""

import asyncio
from collections.abc import Callable
from pathlib import Path

import structlog

from schemas.activation import Activated
from service.banks.activation_log import ActivationLog
from service.banks.activation_reader import ActivationFollower
from service.banks.refusal import BankRefused, BankUnavailable
from service.banks.source import BankSource
from service.telemetry import metrics
from workers.extraction.client import ExtractionClient, RequestFailed, WorkerDied
from workers.inspector.scorer import Scorer

_LOAD_SECONDS = 60.0
_LONGEST_PAUSE = 15.0
_log = structlog.get_logger()


class Keeper:
    """Used from one event loop. ``line_ready`` is called each time a line's bank is put in force."""

    def __init__(
        self, follower: ActivationFollower, source: BankSource, line_ready: Callable[[str], None]
    ) -> None:
        self._follower = follower
        self._source = source
        self._line_ready = line_ready
        self._in_force: dict[str, tuple[Activated, Path]] = {}
        self._adopting: dict[str, asyncio.Task[None]] = {}
        self.scorer: Scorer | None = None
