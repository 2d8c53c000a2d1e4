"""Which proxy a URL goes through: that of the ImageRepository, else the environment's (spec/registry.md 8)."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_network
from typing import Self

import httpx

from imgupdate.config.model import Proxy
from imgupdate.errors import ConfigurationError
from imgupdate.registry.addresses import HIGHEST_PORT, as_address, host_of, is_loopback, split_port

LONGEST_ADDRESS = 2048
_SCHEMES = ("http", "https", "socks5", "socks5h")
_PORTS = {"http": "80", "https": "443"}


@dataclass(frozen=True, slots=True)
class Route:
    """A proxy to go through: its URL without credentials, and these."""

    url: str
    username: str = field(default="", repr=False)
    password: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvironmentProxies:
    """The values of HTTP_PROXY, HTTPS_PROXY and NO_PROXY, in either case; ALL_PROXY stands in for the first two."""

    http: str = field(default="", repr=False)
    https: str = field(default="", repr=False)
    excluded: str = ""

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> Self:
        """Those that an environment names; lower case wins, as in curl."""

        def value(name: str) -> str:
            return environment.get(name.lower()) or environment.get(name) or ""

        fallback = value("ALL_PROXY")
        return cls(
            http=value("HTTP_PROXY") or fallback,
            https=value("HTTPS_PROXY") or fallback,
            excluded=value("NO_PROXY"),
        )

    def route(self, url: httpx.URL) -> Route | None:
        """The proxy for a URL, None to go straight. This machine is never reached through a proxy.

        Raises:
            ConfigurationError: the proxy's address is not one that we can use.

        """
        address = self.https if url.scheme == "https" else self.http
        if not address or is_loopback(host_of(url)) or self._is_excluded(url):
            return None
        return make_route(address, where="HTTPS_PROXY" if url.scheme == "https" else "HTTP_PROXY")

    def _is_excluded(self, url: httpx.URL) -> bool:
        port = str(url.port) if url.port else _PORTS[url.scheme]
        entries = (entry.strip().lower() for entry in self.excluded.split(","))
        return any(_matches(entry, host_of(url), port) for entry in entries if entry)


def route_of(proxy: Proxy) -> Route:
    """The proxy that an ImageRepository names.

    Raises:
        ConfigurationError: its address is not one that we can use.

    """
    route = make_route(proxy.address, where="the proxy Secret")
    if proxy.username:
        return Route(route.url, proxy.username, proxy.password)
    return route


def make_route(address: str, *, where: str) -> Route:
    """A proxy from its address; without a scheme it is an HTTP proxy.

    Raises:
        ConfigurationError: the address has no host, an unknown scheme, or needs a package that is not installed.

    """
    remedy = "write it as http://host:port"
    if len(address) > LONGEST_ADDRESS:
        raise ConfigurationError("the address of the proxy is too long", where=where, remedy=remedy)
    try:
        url = httpx.URL(address if "://" in address else f"http://{address}")
    except httpx.InvalidURL as error:
        raise ConfigurationError("the address of the proxy is not a URL", where=where, remedy=remedy) from error
    if not host_of(url):
        raise ConfigurationError("the address of the proxy has no host", where=where, remedy=remedy)
    if "%" in host_of(url) or (url.port or 0) > HIGHEST_PORT:
        raise ConfigurationError("the address of the proxy is not a URL", where=where, remedy=remedy)
    if url.scheme not in _SCHEMES:
        raise ConfigurationError(
            "the proxy has a scheme that is none of " + ", ".join(_SCHEMES), where=where, remedy=remedy
        )
    if url.scheme.startswith("socks") and importlib.util.find_spec("socksio") is None:
        raise ConfigurationError(
            "a SOCKS proxy needs a package that is not installed",
            where=where,
            remedy="install imgupdate[socks], or use an HTTP proxy",
        )
    bare = url.copy_with(username=None, password=None, path="/", query=None, fragment=None)
    return Route(str(bare), url.username, url.password)


def _matches(entry: str, host: str, port: str) -> bool:
    """Whether an entry of NO_PROXY takes in a host, by the rules of Go's and curl's readers.

    `*` takes all; an address or a CIDR range takes addresses; `example.com` takes itself and what is below it,
    `.example.com` and `*.example.com` only what is below it; a port at the end restricts to that port.
    """
    if entry == "*":
        return True
    if "/" in entry:
        return _in_range(entry, host)
    name, wanted_port = split_port(entry)
    if wanted_port and wanted_port != port:
        return False
    address = as_address(name)
    if address is not None:
        return as_address(host) == address
    name = name.removeprefix("*")
    if name.startswith("."):
        return host.endswith(name)
    return host == name or host.endswith("." + name)


def _in_range(entry: str, host: str) -> bool:
    address = as_address(host)
    try:
        return address is not None and address in ip_network(entry, strict=False)
    except ValueError:
        return False
