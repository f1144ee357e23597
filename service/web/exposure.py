"""Where the page may be listened on: it has no users yet, so only this machine may reach it."""

import ipaddress

from service.settings import SettingsError


def require_loopback(host: str) -> None:
    """Raises ``SettingsError`` for an address that other machines could reach."""
    if host != "localhost" and not _is_loopback(host):
        raise SettingsError(
            f"PATCHLINE_WEB__HOST is {host}, where anybody on the network could approve parts because the "
            "page has no users yet: set it to 127.0.0.1, and reach it through an SSH tunnel"
        )


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
