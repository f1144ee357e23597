"""From an error to what a person reads and a script sees: one sentence, and the exit code."""

import typer

from workers.cli import INTERRUPTED

FINE, FAILED, WRONG_USE = 0, 1, 2
"""0 fine; 1 the outside world failed; 2 wrong use or bad input; 130 Ctrl-C before the end."""

# Typer carries a click of its own: the class above all its complaints is reached through what it exports.
Complaint = typer.BadParameter.__mro__[2]


class Failed(Exception):
    """The outside world failed a command; the sentence names it and the remedy. Exit code 1."""


class Refused(Exception):
    """A command was used wrongly, or its input is bad; the sentence says how. Exit code 2."""


def code_of(error: BaseException) -> int:
    """The exit code of an error that ended a command. Imports the ports' errors, so call it only then."""
    if isinstance(error, KeyboardInterrupt):
        return INTERRUPTED
    return WRONG_USE if isinstance(_first(error), _input_errors()) else FAILED


def sentence_of(error: BaseException) -> str:
    """What to say of an error that ended a command, in one line: of several at once, of the first."""
    error = _first(error)
    if isinstance(error, Complaint):
        return _usage(error)
    if isinstance(error, _world_errors() + _input_errors()):
        return " ".join(_words(error).split())
    told = " ".join(str(error).split())[:200]
    return (
        f"unforeseen {type(error).__name__} ({told}): run it again with `patchline --traceback` and report it"
    )


def _first(error: BaseException) -> BaseException:
    """Tasks that wait side by side end with a group of errors, of which the first cancelled the others."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


def _input_errors() -> tuple[type[BaseException], ...]:
    from service.accounts.refusal import AccountRefused
    from service.banks.refusal import BankRefused
    from service.images.unreadable import UnfitImage, UnreadableImage
    from service.settings import SettingsError
    from service.training.refusal import TrainingRefused

    return (
        Complaint,
        Refused,
        AccountRefused,
        SettingsError,
        TrainingRefused,
        BankRefused,
        UnreadableImage,
        UnfitImage,
        ValueError,
    )


def _world_errors() -> tuple[type[BaseException], ...]:
    from service.accounts.refusal import AccountsError
    from service.embedded.server import EmbeddedError
    from service.store.errors import StoreError
    from service.stream.base import StreamError

    return (Failed, StreamError, StoreError, EmbeddedError, AccountsError, OSError)


def _words(error: BaseException) -> str:
    errors = getattr(error, "errors", None)
    if isinstance(error, ValueError) and callable(errors):
        first = errors()[0]
        return f"{'.'.join(map(str, first['loc']))} is refused: {first['msg']}"
    if isinstance(error, OSError) and error.strerror:
        place = f"{error.filename}: " if error.filename else ""
        return f"{place}{error.strerror}"
    if isinstance(error, TimeoutError) and not str(error):
        return "nothing came within the time allowed: try it again while the machine has less to do"
    return str(error)


def _usage(error: BaseException) -> str:
    said = str(getattr(error, "format_message", error.__str__)()).strip().rstrip(".")
    for preface in ("Invalid value: ", "Invalid value for "):
        said = said.removeprefix(preface)
    context = getattr(error, "ctx", None)
    path = context.command_path if context is not None else "patchline"
    return f"{' '.join(said.split())}: see `{path} --help`"
