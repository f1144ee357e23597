"""Tries of a password: counted before they are made, so that many at once are not all the first."""

from service.accounts.audit import Deed
from service.web.access.reception import Reception
from service.web.problem import Problem


async def count_try(reception: Reception, name: str, address: str, refused: Deed) -> None:
    """Count one of a name from an address; ``Throttle.succeeded`` takes it back. Raises ``Problem`` 429 once
    too many have failed, with ``refused`` in the audit."""
    left = reception.throttle.wait(name, address)
    if left > 0:
        await reception.note(refused)
        minutes = round(left / 60) or 1
        raise Problem(
            429, f"too many passwords were wrong: try again in {minutes} min", retry_after=int(left) + 1
        )
    reception.throttle.failed(name, address)
