"""Where a sink may send to: the operator of the host has the last word, whatever the sinks' file says."""

import ipaddress
import socket
from collections.abc import Sequence
from urllib.parse import urlsplit

from service.settings import SettingsError
from service.sinks.secrets import without_secrets


class AddressRefused(Exception):
    """The address is one that nothing is sent to; the sentence says why."""


def check_url(url: str, allowed_hosts: Sequence[str]) -> None:
    """Raises ``SettingsError`` for a URL with a user or password in it, in the clear to a host that is not
    this machine's, or to a host outside the list (an empty list allows every host)."""
    parts, told = urlsplit(url), without_secrets(url)
    if parts.username is not None or parts.password is not None:
        raise SettingsError(f"the address {told} has a user or password in it: write secrets into files")
    host = parts.hostname
    if not host:
        raise SettingsError(f"the address {told} names no host: correct it")
    if parts.scheme != "https" and not is_loopback(host) and host not in allowed_hosts:
        raise SettingsError(
            f"{told} goes in the clear to another machine: use https, or name {host} in "
            "PATCHLINE_SINKS__ALLOWED_HOSTS"
        )
    if allowed_hosts and host not in allowed_hosts:
        raise SettingsError(f"{told} is not allowed: name {host} in PATCHLINE_SINKS__ALLOWED_HOSTS")


def check_resolved(host: str, port: int) -> None:
    """Raises ``AddressRefused`` where the name leads to link-local, multicast or unspecified addresses,
    such as a cloud's metadata service; ``OSError`` where it leads nowhere. Blocks for the look-up."""
    for family, _, _, _, address in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
        if family in (socket.AF_INET, socket.AF_INET6):
            _refuse(host, ipaddress.ip_address(str(address[0]).partition("%")[0]))


def _refuse(host: str, address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> None:
    mapped = getattr(address, "ipv4_mapped", None) or address
    if mapped.is_link_local or mapped.is_multicast or mapped.is_unspecified:
        raise AddressRefused(f"{host} leads to {mapped}, which nothing is sent to: correct the address")


def is_loopback(host: str) -> bool:
    """Whether the host's name or number is this machine's own."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
