"""What is signed: bytes that say what they are for, so that no signature can be used elsewhere.

Ids hold no zero byte, and what may hold one comes last: two statements are equal only if all their parts are.
"""

from enum import StrEnum

_PREFACE = b"patchline signature 1"


class KeyUse(StrEnum):
    """What a key may sign. On line-events each signs what its holder tells there: the rebuilder what became
    of commands, the page snoozes and closed alerts, retention what it removes."""

    BANKS = "banks"
    COMMANDS = "commands"
    RETENTION = "retention"


def record_statement(use: KeyUse, line: str, value: bytes) -> bytes:
    """A record of a line: exactly these bytes on this kind of topic. Commands carry their id and activations
    their epoch inside, so a signed record that is sent again does nothing."""
    return b"\0".join((_PREFACE, b"record", use.encode(), line.encode(), value))


def event_statement(line: str, value: bytes) -> bytes:
    """A line event. About a command, its id is inside, and of a command's results the first counts; about
    anything else, its moment is, and a word that comes again says the same."""
    return b"\0".join((_PREFACE, b"event", line.encode(), value))


def bank_statement(line: str, model: str, version: str) -> bytes:
    """A bank file of a line and model, by its sha256: whoever checks the signature has checked the hash, or
    does so before the bytes are read."""
    return b"\0".join((_PREFACE, b"bank", line.encode(), model.encode(), version.encode()))
