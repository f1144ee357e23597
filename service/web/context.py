"""What the routes work with, made once by the program."""

from collections.abc import Callable
from dataclasses import dataclass

from service.letters.box import LetterBox
from service.store.object_store import ObjectStore
from service.web.access.reception import Reception
from service.web.alert_desk import AlertDesk
from service.web.answering import Answering
from service.web.approvals import Approvals
from service.web.bank_books import BankBooks
from service.web.claims import Claims
from service.web.hub import Hub
from service.web.nearest import NearestPatches
from service.web.orders import Orders
from service.web.plant_state import PlantWatch
from service.web.teaching import Teaching
from service.web.thumbs import Thumbs
from service.web.view import View


@dataclass(frozen=True)
class Context:
    """The parts of a running page. ``max_frame_bytes`` bounds what one answer may hold."""

    view: View
    store: ObjectStore
    hub: Hub
    approvals: Approvals
    orders: Orders
    public_url: str
    max_frame_bytes: int
    letters: LetterBox
    books: BankBooks
    reception: Reception
    answering: Answering
    claims: Claims
    thumbs: Thumbs
    alerts: AlertDesk
    nearest: NearestPatches
    still_reading: Callable[[], str | None]
    teaching: Teaching
    plant: PlantWatch
