"""What can go wrong with the object store, in sentences."""

from collections.abc import Iterator
from contextlib import contextmanager

from obstore.exceptions import (
    AlreadyExistsError,
    BaseError,
    PermissionDeniedError,
    UnauthenticatedError,
)


class StoreError(Exception):
    """The object store refused or could not be reached; the sentence names it and the remedy."""


class StoreUnreachable(StoreError):
    """The store did not answer, or not in time: trying again may help."""


class MissingObject(StoreError):
    """The store answered, and has no such object."""


class ObjectTooLarge(StoreError):
    """The object has more bytes than the caller allows; nothing of it was kept."""


@contextmanager
def told_as(action: str, key: str, url: str) -> Iterator[None]:
    """Convert what obstore raises into ours. ``AlreadyExistsError`` passes: it is an answer."""
    try:
        yield
    except AlreadyExistsError:
        raise
    except FileNotFoundError as error:
        raise MissingObject(f"the store {url} has no {key!r}: check the key, or the bucket") from error
    except (PermissionDeniedError, UnauthenticatedError) as error:
        raise StoreError(f"the store {url} denies to {action} {key!r}: check its credentials") from error
    except TimeoutError as error:
        raise StoreUnreachable(
            f"the object store {url} did not {action} {key!r} in time: check the network, "
            "or raise PATCHLINE_STORE__TIMEOUT_SECONDS"
        ) from error
    except ValueError as error:
        raise StoreError(f"the object store {url} cannot {action} {key!r}: {_first_line(error)}") from error
    except (BaseError, OSError) as error:
        raise StoreUnreachable(
            f"the object store {url} could not {action} {key!r} ({_first_line(error)}): "
            "check that it is up, writable and not full"
        ) from error


def _first_line(error: Exception) -> str:
    return next(iter(str(error).splitlines()), type(error).__name__)
