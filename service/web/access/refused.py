"""What accounts refuse, as problems."""

from collections.abc import Iterator
from contextlib import contextmanager

from service.accounts.refusal import AccountRefused, StaleChange, UnknownAccount, WrongPassword
from service.web.problem import Problem


@contextmanager
def told_as_problems() -> Iterator[None]:
    """404 for what is not there, 412 for a stale change, 403 for a wrong password, 409 for what a rule
    forbids."""
    try:
        yield
    except UnknownAccount as error:
        raise Problem(404, str(error)) from error
    except StaleChange as error:
        raise Problem(412, str(error)) from error
    except WrongPassword as error:
        raise Problem(403, str(error)) from error
    except AccountRefused as error:
        raise Problem(409, str(error)) from error
