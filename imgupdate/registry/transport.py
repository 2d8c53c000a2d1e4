"""Connections: pools of httpcore under httpx's transport interface, with two promises that httpx does not make.

A deadline bounds every single wait of an exchange, so that a server which sends a byte a second is cut off in time. A
pool for what the internet names (redirects, token servers) connects only to public addresses, checked where the
connection is made, so that a name which answers differently the second time gains nothing.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterable, Iterator
from typing import Any

import httpcore
import httpx

from imgupdate.registry.addresses import HIGHEST_PORT, as_address, is_public
from imgupdate.registry.clock import Clock
from imgupdate.registry.limits import Limits
from imgupdate.registry.proxies import Route

_ERRORS: dict[type[Exception], type[httpx.TransportError]] = {
    core: getattr(httpx, core.__name__)
    for core in (
        httpcore.ConnectTimeout,
        httpcore.ReadTimeout,
        httpcore.WriteTimeout,
        httpcore.PoolTimeout,
        httpcore.ConnectError,
        httpcore.ReadError,
        httpcore.WriteError,
        httpcore.ProxyError,
        httpcore.LocalProtocolError,
        httpcore.RemoteProtocolError,
        httpcore.UnsupportedProtocol,
    )
}


class NotPublic(httpx.ConnectError):
    """A server of the internet sent us to an address that is not of the internet."""


class _Resolver:
    """Addresses of hosts; the one that answered last comes first, so that a dead one is tried once, not each time."""

    def __init__(self) -> None:
        self._answered: dict[tuple[str, int], str] = {}

    def addresses(self, host: str, port: int) -> list[str]:
        if port > HIGHEST_PORT:  # the system would take the remainder
            raise httpcore.ConnectError(f"{port} is not a port")
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise httpcore.ConnectError(error) from error
        addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
        first = self._answered.get((host, port))
        if first in addresses:
            addresses.remove(first)
            addresses.insert(0, first)
        return addresses

    def answered(self, host: str, port: int, address: str) -> None:
        self._answered[host, port] = address


class _Backend(httpcore.SyncBackend):
    """Opens sockets. What httpcore hands over as a timeout is here an instant of the clock (see `Wire.timeouts`).

    With `to_proxy`, what it connects to is a proxy, which is then to blame for a failure.
    """

    def __init__(self, clock: Clock, limits: Limits, *, public_only: bool, to_proxy: bool) -> None:
        self._clock = clock
        self._limits = limits
        self._public_only = public_only
        self._to_proxy = to_proxy
        self._resolver = _Resolver()

    def seconds(self, instant: float | None, most: float) -> float:
        """The time that is left until an instant, at most so many seconds."""
        if instant is None:
            return most
        remaining = instant - self._clock.monotonic()
        if remaining <= 0:
            raise httpcore.ReadTimeout("the deadline has passed")
        return min(most, remaining)

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        try:
            return self._connect(host, port, timeout, local_address, socket_options or ())
        except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
            if not self._to_proxy:
                raise
            # Not where it is: its address may come from a Secret.
            reason = next((cause.strerror for cause in error.args if isinstance(cause, OSError)), None)
            raise httpcore.ProxyError(f"no connection to the proxy: {reason or 'no answer in time'}".lower()) from error

    def _connect(
        self, host: str, port: int, timeout: float | None, local_address: str | None, socket_options: Iterable[Any]
    ) -> httpcore.NetworkStream:
        addresses = self._resolver.addresses(host, port)
        if self._public_only and not all((found := as_address(text)) and is_public(found) for text in addresses):
            raise NotPublic(f"{host} is at an address that is not public")
        failure: Exception = httpcore.ConnectError(f"{host} has no address")
        for address in addresses:
            patience = self.seconds(timeout, self._limits.connect_timeout)
            try:
                stream = super().connect_tcp(address, port, patience, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
            else:
                self._resolver.answered(host, port, address)
                return _Stream(stream, self)
        raise failure

    def handshake_seconds(self, instant: float | None) -> float:
        return self.seconds(instant, self._limits.connect_timeout)

    def idle_seconds(self, instant: float | None) -> float:
        return self.seconds(instant, self._limits.idle_timeout)


class _Stream(httpcore.NetworkStream):
    """A socket each of whose waits ends at the deadline."""

    def __init__(self, inner: httpcore.NetworkStream, backend: _Backend) -> None:
        self._inner = inner
        self._backend = backend

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, self._backend.idle_seconds(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, self._backend.idle_seconds(timeout))

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        seconds = self._backend.handshake_seconds(timeout)
        return _Stream(self._inner.start_tls(ssl_context, server_hostname, seconds), self._backend)

    def close(self) -> None:
        self._inner.close()

    def get_extra_info(self, info: str) -> object:
        return self._inner.get_extra_info(info)


class _Body(httpx.SyncByteStream):
    """The bytes of an answer as they come over the wire."""

    def __init__(self, answer: httpcore.Response) -> None:
        self._answer = answer

    def __iter__(self) -> Iterator[bytes]:
        try:
            yield from self._answer.iter_stream()
        except tuple(_ERRORS) as error:
            raise _translated(error) from error

    def close(self) -> None:
        self._answer.close()


class Wire(httpx.BaseTransport):
    """A pool of connections with one kind of trust and one way out.

    Every failure to exchange is an `httpx.TransportError`. Where a proxy connects for us, `public_only` cannot be kept:
    the caller looks at the names.
    """

    def __init__(
        self,
        *,
        clock: Clock,
        limits: Limits,
        tls: ssl.SSLContext | None,
        route: Route | None = None,
        public_only: bool = False,
    ) -> None:
        self._direct = route is None
        self._pool = httpcore.ConnectionPool(
            ssl_context=tls,
            proxy=_proxy(route, tls) if route is not None else None,
            max_connections=limits.connections,
            max_keepalive_connections=limits.connections,
            keepalive_expiry=30.0,
            network_backend=_Backend(
                clock, limits, public_only=public_only and route is None, to_proxy=route is not None
            ),
        )

    @staticmethod
    def timeouts(clock: Clock, instant: float) -> dict[str, float]:
        """What goes into a request's `timeout` extension so that all of it is over at an instant of the clock."""
        wait = max(0.0, instant - clock.monotonic())
        return {"connect": instant, "read": instant, "write": instant, "pool": wait}

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request and return the answer as soon as its headers are there."""
        outgoing = httpcore.Request(
            method=request.method,
            url=httpcore.URL(
                scheme=request.url.raw_scheme,
                host=request.url.raw_host,
                port=request.url.port,
                target=request.url.raw_path,
            ),
            headers=request.headers.raw,
            content=request.stream,
            extensions=request.extensions,
        )
        try:
            answer = self._pool.handle_request(outgoing)
        except tuple(_ERRORS) as error:
            raise _translated(error) from error
        return httpx.Response(
            answer.status,
            headers=answer.headers,
            stream=_Body(answer),
            extensions=answer.extensions if self._direct else {},
        )

    def close(self) -> None:
        """Close all connections."""
        self._pool.close()


def came_from_public_address(response: httpx.Response) -> bool | None:
    """Whether the other end of an answer's connection has a public address; None where that is not known."""
    stream = response.extensions.get("network_stream")
    peer = stream.get_extra_info("server_addr") if stream is not None else None
    address = as_address(str(peer[0])) if isinstance(peer, tuple) and peer else None
    return None if address is None else is_public(address)


def _translated(error: Exception) -> httpx.TransportError:
    return _ERRORS[type(error)](str(error))


def _proxy(route: Route, tls: ssl.SSLContext | None) -> httpcore.Proxy:
    url = httpx.URL(route.url)
    return httpcore.Proxy(
        url=httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=b"/"),
        auth=(route.username.encode(), route.password.encode()) if route.username else None,
        ssl_context=tls if url.scheme == "https" else None,
    )
