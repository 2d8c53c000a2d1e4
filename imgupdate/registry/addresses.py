"""Which hosts and addresses are this machine's, a private network's, or the public internet's."""

from __future__ import annotations

from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from socket import inet_aton

import httpx

Address = IPv4Address | IPv6Address
HIGHEST_PORT = 65_535

_NAT64 = IPv6Network("64:ff9b::/96")
_AZURE_HOST_AGENT = IPv4Address("168.63.129.16")
"""Public by its number, but answered by the machine's own host."""


@lru_cache(maxsize=1024)
def as_address(host: str) -> Address | None:
    """The address that a host spells out, without brackets and zone; None for a name.

    Also what the system's resolver takes for one, such as `127.1` and `0x7f000001`.
    """
    try:
        return ip_address(host.strip("[]").partition("%")[0])
    except ValueError:
        pass
    if not host.rpartition(".")[2][:1].isdigit():
        return None
    try:
        return IPv4Address(inet_aton(host))
    except (OSError, ValueError):
        return None


def host_of(url: httpx.URL) -> str:
    """The host of a URL in lower case, as it goes over the wire: names of other scripts encoded, no brackets."""
    return url.raw_host.decode("ascii").lower()


def is_web_address(url: httpx.URL) -> bool:
    """Whether a URL is one that a server may send us to: http or https, a host, a real port, no user."""
    host = host_of(url)
    return (
        url.scheme in ("http", "https")
        and bool(host)
        and "%" not in host
        and not url.userinfo
        and (url.port or 0) <= HIGHEST_PORT
    )


@lru_cache(maxsize=1024)
def is_public(address: Address) -> bool:
    """Whether an address is one that anybody on the internet may serve: not loopback, private, link-local or shared."""
    if isinstance(address, IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if inner is None and address in _NAT64:
            inner = IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(inner)
    return address.is_global and not address.is_multicast and address != _AZURE_HOST_AGENT


def is_loopback(host: str) -> bool:
    """Whether a host, without port, names this machine: an address of the loopback interface, or `localhost`."""
    address = as_address(host)
    if address is not None:
        mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
        return (mapped or address).is_loopback
    name = host.lower().rstrip(".")
    return name == "localhost" or name.endswith(".localhost")


def is_private_by_name(host: str) -> bool:
    """Whether a host, as it is written, cannot be a server of the public internet."""
    address = as_address(host)
    return is_loopback(host) if address is None else not is_public(address)


def split_port(host: str) -> tuple[str, str]:
    """The name or address, and the port (empty for none), of what stands before the first slash of an image."""
    if host.startswith("["):
        name, _, rest = host[1:].partition("]")
        return name, rest.removeprefix(":")
    if host.count(":") > 1:
        return host, ""
    name, _, port = host.partition(":")
    return name, port
