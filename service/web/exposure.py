"""Where the page may be listened on: without users, only this machine may reach it."""

import ipaddress

from service.accounts.accounts import Accounts
from service.accounts.refusal import AccountsError
from service.accounts.sessions import Span
from service.settings import SettingsError, WebSettings


def require_loopback_or_users(settings: WebSettings) -> None:
    """Raises ``SettingsError`` for an address that other machines could reach while there are no users, and
    for an accounts file that cannot be used."""
    if not _has_users(settings) and settings.host != "localhost" and not _is_loopback(settings.host):
        raise SettingsError(
            f"PATCHLINE_WEB__HOST is {settings.host}, where anybody on the network could approve parts "
            "because the page has no users yet: add one with `patchline users add NAME --role engineer`, or "
            "set it to 127.0.0.1"
        )


def opened_accounts(settings: WebSettings) -> Accounts:
    """The accounts as the settings say."""
    span = Span(settings.session_idle_minutes * 60, int(settings.session_hours * 3600))
    return Accounts(settings.accounts, span)


def _has_users(settings: WebSettings) -> bool:
    accounts = opened_accounts(settings)
    try:
        return accounts.configured()
    except (AccountsError, OSError) as error:
        raise SettingsError(f"PATCHLINE_WEB__ACCOUNTS cannot be used: {error}") from error
    finally:
        accounts.close()


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
