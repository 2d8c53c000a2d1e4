"""One request and its answer: bounded, retried, and never faster than the host likes."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import httpx

from imgupdate import __version__
from imgupdate.config.model import ClientTLS, Proxy
from imgupdate.registry.bodies import read_body, read_start
from imgupdate.registry.clock import Clock, Deadline
from imgupdate.registry.failures import Unreachable, unreachable
from imgupdate.registry.limits import Limits
from imgupdate.registry.proxies import EnvironmentProxies, Route, route_of
from imgupdate.registry.retry import RETRIED, Gate, backoff, retry_after
from imgupdate.registry.tls import make_context
from imgupdate.registry.transport import Wire, came_from_public_address

USER_AGENT = f"imgupdate/{__version__}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """The way to a host: whom to trust, what certificate to show, which proxy to take."""

    tls: ClientTLS | None = None
    proxy: Proxy | None = None

    def for_strangers(self) -> Network:
        """The same without the client certificate."""
        if self.tls is None or not self.tls.certificate:
            return self
        return replace(self, tls=ClientTLS(ca=self.tls.ca) if self.tls.ca else None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """What to ask. `limit` bounds the body of a 200; `public_only` refuses addresses that are not of the internet."""

    url: httpx.URL
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    content: bytes = field(default=b"", repr=False)
    limit: int
    network: Network
    public_only: bool = False
    attempts: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back: the body is inflated, and cut where the status is an error; `url` is where it came from.

    `public` says whether the other end has a public address; None where that is not known.
    """

    status: int
    headers: httpx.Headers
    body: bytes
    url: httpx.URL
    public: bool | None = None


TransportOf = Callable[[Network, httpx.URL, bool], httpx.BaseTransport]


class Transports:
    """One pool of connections for each way to hosts, made when first used."""

    def __init__(self, *, clock: Clock, limits: Limits, proxies: EnvironmentProxies, bundle: str) -> None:
        self._clock = clock
        self._limits = limits
        self._proxies = proxies
        self._bundle = bundle
        self._lock = threading.Lock()
        self._pools: dict[tuple[ClientTLS | None, Route | None, bool, bool], Wire] = {}

    def of(self, network: Network, url: httpx.URL, public_only: bool) -> httpx.BaseTransport:  # noqa: FBT001
        """The pool for a URL.

        Raises:
            ConfigurationError: a certificate, a key, an authority or the proxy is unusable.

        """
        route = route_of(network.proxy) if network.proxy else self._proxies.route(url)
        encrypted = url.scheme == "https" or (route is not None and route.url.startswith("https:"))
        key = (network.tls, route, public_only, encrypted)
        with self._lock:
            pool = self._pools.get(key)
            if pool is None:
                tls = make_context(network.tls, self._bundle) if encrypted else None
                pool = Wire(clock=self._clock, limits=self._limits, tls=tls, route=route, public_only=public_only)
                self._pools[key] = pool
            return pool

    def close(self) -> None:
        """Close all connections."""
        with self._lock:
            for pool in self._pools.values():
                pool.close()
            self._pools.clear()


class Sender:
    """Sends requests for all hosts. Safe to use from many threads."""

    def __init__(
        self,
        transport_of: TransportOf,
        *,
        clock: Clock,
        limits: Limits,
        jitter: Callable[[], float],
    ) -> None:
        self.clock = clock
        self.limits = limits
        self._transport_of = transport_of
        self._jitter = jitter
        self._lock = threading.Lock()
        self._gates: dict[str, Gate] = {}
        self._down: set[str] = set()

    def send(self, call: Call, deadline: Deadline) -> Answer:
        """Ask until there is an answer worth having, or no more time or attempts.

        An answer whose status asks for another attempt is returned when attempts or time are used up.

        Raises:
            Unreachable: there is no answer. A host that did not answer before gets one attempt only.
            OutOfTime: the deadline passed.
            RateLimited: the host wants us to wait beyond the deadline.
            TooLarge: the body is larger than the call allows.

        """
        host = call.url.netloc.decode("ascii")
        attempts = call.attempts or (1 if host in self._down else self.limits.attempts)
        attempt = 1
        while True:
            try:
                answer = self._attempt(call, host, deadline)
            except Unreachable as error:
                if error.final or attempt >= attempts:
                    if call.attempts is None:
                        self._down.add(host)
                    raise
                delay = backoff(attempt, self.limits, self._jitter())
                if delay > deadline.remaining():
                    raise
            else:
                self._down.discard(host)
                wait = self._pause(answer, attempt, host)
                if wait is None or attempt >= attempts or wait > deadline.remaining():
                    return answer
                delay = wait
            self.clock.sleep(delay)
            attempt += 1

    def _pause(self, answer: Answer, attempt: int, host: str) -> float | None:
        """How long to wait before asking again, None where that is no use; a 429 holds up everybody."""
        if answer.status not in RETRIED:
            return None
        asked = retry_after(answer.headers, self.clock.now())
        pause = backoff(attempt, self.limits, self._jitter()) if asked is None else asked
        if answer.status == 429:
            self._gate(host).hold(pause)
        return None if pause > self.limits.longest_retry_after else pause

    def _attempt(self, call: Call, host: str, deadline: Deadline) -> Answer:
        deadline.check()
        transport = self._transport_of(call.network, call.url, call.public_only)
        with self._gate(host).passage(deadline):
            try:
                return self._exchange(transport, call, deadline)
            except httpx.TransportError as error:
                if deadline.remaining() <= 0:
                    raise deadline.passed() from error
                raise unreachable(error, call.url) from error

    def _exchange(self, transport: httpx.BaseTransport, call: Call, deadline: Deadline) -> Answer:
        request = httpx.Request(
            call.method,
            call.url,
            headers={"Host": call.url.netloc.decode("ascii"), "User-Agent": USER_AGENT, **call.headers},
            content=call.content or None,
            extensions={"timeout": Wire.timeouts(self.clock, deadline.instant)},
        )
        response = transport.handle_request(request)
        try:
            whole = response.status_code == 200 and call.method != "HEAD"
            body = (
                read_body(response, call.limit, deadline)
                if whole
                else read_start(response, self.limits.error_bytes, deadline)
            )
            return Answer(
                status=response.status_code,
                headers=response.headers,
                body=body,
                url=call.url,
                public=came_from_public_address(response),
            )
        finally:
            response.close()

    def _gate(self, host: str) -> Gate:
        with self._lock:
            gate = self._gates.get(host)
            if gate is None:
                gate = self._gates[host] = Gate(host, self.clock, self.limits)
            return gate
