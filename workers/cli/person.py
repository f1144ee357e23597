"""Who gave a command, for the history of a line."""

import getpass

_LONGEST = 128


def actor() -> str:
    """The name of the account that runs us; containers may have none."""
    try:
        return getpass.getuser()[:_LONGEST] or "command line"
    except (OSError, KeyError):
        return "command line"
