"""Requests to the clouds' own servers, for logins: few, short, over TLS, and never led elsewhere (spec 9)."""

from __future__ import annotations

import random
from collections.abc import Mapping

import httpx

from imgupdate.errors import ScanError
from imgupdate.registry.addresses import host_of, is_web_address
from imgupdate.registry.clock import Clock, Deadline, OutOfTime
from imgupdate.registry.credentials.clouds import CloudEnvironment
from imgupdate.registry.limits import Limits
from imgupdate.registry.proxies import EnvironmentProxies
from imgupdate.registry.retry import RETRIED
from imgupdate.registry.sender import Answer, Call, Network, Sender, TransportOf, Transports

_ONCE = {"Connection": "close"}
"""Requests are few, and nobody says when a login is over."""

SECONDS = 30.0
_LIMITS = Limits(attempts=3, connect_timeout=5.0, idle_timeout=10.0, longest_retry_after=10.0)

SECONDS_ON_MACHINE = 5.0
_LIMITS_ON_MACHINE = Limits(attempts=2, connect_timeout=1.0, idle_timeout=3.0, longest_retry_after=2.0)


class CloudWeb:
    """Asks the servers of one cloud for tokens. Safe to use from many threads.

    Args:
        environment: Names the proxies and the file of further authorities.
        clock: Tells the time.
        cloud: What errors call the cloud.
        transport_of: Makes connections, in place of real ones.

    """

    def __init__(
        self, environment: CloudEnvironment, clock: Clock, *, cloud: str, transport_of: TransportOf | None = None
    ) -> None:
        self._clock = clock
        self._cloud = cloud
        bundle = environment.get("SSL_CERT_FILE")
        proxies = EnvironmentProxies.of(environment.variables)
        transports = Transports(clock=clock, limits=_LIMITS, proxies=proxies, bundle=bundle)
        straight = Transports(clock=clock, limits=_LIMITS_ON_MACHINE, proxies=EnvironmentProxies(), bundle=bundle)
        jitter = random.SystemRandom().random
        self._far = Sender(transport_of or transports.of, clock=clock, limits=_LIMITS, jitter=jitter)
        self._near = Sender(transport_of or straight.of, clock=clock, limits=_LIMITS_ON_MACHINE, jitter=jitter)

    def ask(self, method: str, url: str, *, headers: Mapping[str, str] | None = None, content: bytes = b"") -> Answer:
        """The answer of a server on the internet, whatever its status; redirects are not followed.

        Raises:
            ScanError: it is not to be reached over TLS, does not answer, or keeps failing.

        """
        target = self._target(url)
        if target.scheme != "https":
            raise self._not_asked(target, "is not https")
        return self._ask(self._far, SECONDS, method, target, headers or {}, content)

    def ask_machine(self, url: str, *, headers: Mapping[str, str]) -> Answer:
        """The answer of the server by which a machine of a cloud says who it is: without TLS and proxy, at once.

        Raises:
            ScanError: it does not answer, or fails.

        """
        return self._ask(self._near, SECONDS_ON_MACHINE, "GET", self._target(url), headers, b"")

    def _target(self, url: str) -> httpx.URL:
        try:
            target = httpx.URL(url)
        except httpx.InvalidURL as error:
            raise ScanError(
                f"the login of {self._cloud} is led to what is not a web address",
                remedy="correct the variables and files that configure it",
            ) from error
        if not is_web_address(target):
            raise self._not_asked(target, "is not a web address")
        return target

    def _not_asked(self, target: httpx.URL, why: str) -> ScanError:
        return ScanError(
            f"the login of {self._cloud} is led to {host_of(target) or 'nowhere'}, which {why}",
            remedy="correct the variables and files that configure it",
        )

    def _ask(
        self,
        sender: Sender,
        seconds: float,
        method: str,
        target: httpx.URL,
        headers: Mapping[str, str],
        content: bytes,
    ) -> Answer:
        host = host_of(target)
        call = Call(
            url=target,
            method=method,
            headers={"Accept": "application/json", "Accept-Encoding": "identity", **headers, **_ONCE},
            content=content,
            limit=sender.limits.token_bytes,
            network=Network(),
        )
        try:
            answer = sender.send(call, Deadline(self._clock, seconds))
        except OutOfTime as error:
            raise self._failed(host, f"{host} did not finish within {seconds:g} s") from error
        except ScanError as error:
            raise self._failed(host, error.message) from error
        if answer.status in RETRIED:
            raise self._failed(host, f"{host} answered {answer.status}")
        return answer

    def _failed(self, host: str, message: str) -> ScanError:
        return ScanError(
            f"the login of {self._cloud} failed: {message}",
            remedy=f"check that {host} can be reached from here, and try again",
        )
