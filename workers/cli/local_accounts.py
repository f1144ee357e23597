"""The accounts file of this host, as the command line opens it: whoever may write the file may do all."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from service.accounts.accounts import Accounts, By


def accounts() -> "Accounts":
    """The accounts that ``PATCHLINE_WEB__ACCOUNTS`` names."""
    from service.web.exposure import opened_accounts
    from workers.cli.installation import command_settings

    return opened_accounts(command_settings().web)


def by() -> "By":
    """Who makes the change: the account of this machine, marked so that no user is taken for it."""
    from service.accounts.accounts import By
    from workers.cli.person import actor

    return By(f"{actor()} (command line)")
