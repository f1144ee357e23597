"""Secrets are files, and addresses are told without them."""

from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from service.settings import SettingsError

MOST_BYTES = 64 * 1024


def read_secret(path: Path, what: str) -> str:
    """A secret's text, without the line's end. Raises ``SettingsError``. Blocks for the file."""
    try:
        text = path.read_text()[:MOST_BYTES].strip()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it is no text"
        raise SettingsError(f"{what} {path} cannot be read ({reason}): name a readable text file") from error
    if not text:
        raise SettingsError(f"{what} {path} is empty: write the secret into it")
    return text


def optional_secret(path: Path | None, what: str) -> str | None:
    """A secret's text, None where no file is named; else as ``read_secret``."""
    return None if path is None else read_secret(path, what)


def without_secrets(url: str) -> str:
    """The address as it may be told to anybody: without user, password, query and fragment, where tokens
    use to stand."""
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


def scrubbed(text: str, *secrets: str | None) -> str:
    """The text without the secrets that it may quote."""
    for secret in secrets:
        if secret:
            text = text.replace(secret, "***")
    return text
