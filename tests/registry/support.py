"""What the tests of the registry room share: a clock that jumps, and a registry that is a function."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Callable, Mapping
from typing import Any

import httpx

from imgupdate.config.model import ClientTLS, Provider, Proxy, RegistryAccess
from imgupdate.images import Repository, parse_repository
from imgupdate.registry import DockerConfig, Limits, RegistryClient
from imgupdate.registry.sender import Network

NOW = 1_800_000_000.0
"""2027-01-15 08:00:00 UTC."""


class FakeClock:
    """Time passes by sleeping, and by `tick` with each look at it."""

    def __init__(self, *, tick: float = 0.0) -> None:
        self._lock = threading.Lock()
        self._tick = tick
        self._passed = 0.0
        self.slept: list[float] = []

    def monotonic(self) -> float:
        with self._lock:
            self._passed += self._tick
            return 1000.0 + self._passed

    def now(self) -> float:
        with self._lock:
            return NOW + self._passed

    def sleep(self, seconds: float) -> None:
        with self._lock:
            self.slept.append(seconds)
            self._passed += seconds

    def pass_by(self, seconds: float) -> None:
        with self._lock:
            self._passed += seconds


Handler = Callable[[httpx.Request], httpx.Response]


class FakeRegistry:
    """Answers every request by a function, and writes down what was asked."""

    def __init__(self, handler: Handler) -> None:
        self._handler = handler
        self._lock = threading.Lock()
        self.requests: list[httpx.Request] = []
        self.public_only: list[bool] = []
        self.networks: list[Network] = []

    def transport_of(self, network: Network, url: httpx.URL, public_only: bool) -> httpx.BaseTransport:
        def handle(request: httpx.Request) -> httpx.Response:
            with self._lock:
                self.requests.append(request)
                self.public_only.append(public_only)
                self.networks.append(network)
            return self._handler(request)

        return httpx.MockTransport(handle)

    @property
    def asked(self) -> list[str]:
        """`METHOD URL` of every request."""
        return [f"{request.method} {request.url}" for request in self.requests]

    @property
    def shown(self) -> list[str]:
        """`Authorization` of every request."""
        return [request.headers.get("authorization", "") for request in self.requests]

    def client(self, *, clock: FakeClock | None = None, **settings: Any) -> RegistryClient:
        """A client for which the whole internet is this registry."""
        settings.setdefault("jitter", lambda: 1.0)
        return RegistryClient(transport_of=self.transport_of, clock=clock or FakeClock(), **settings)


def one_by_one(*answers: httpx.Response | Exception) -> Handler:
    """Give these answers, in order."""
    waiting = list(answers)

    def handle(request: httpx.Request) -> httpx.Response:
        answer = waiting.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    return handle


def repository(text: str = "registry.example.com/team/app") -> Repository:
    return parse_repository(text)


def access(
    *,
    timeout: float = 60.0,
    insecure: bool = False,
    auths: Mapping[str, object] | None = None,
    source: str = "Secret default/pull",
    provider: Provider = Provider.GENERIC,
    tls: ClientTLS | None = None,
    proxy: Proxy | None = None,
) -> RegistryAccess:
    """How an ImageRepository reaches its registry; `auths` is what its Secret holds."""
    data = b"" if auths is None else json.dumps({"auths": auths}).encode()
    return RegistryAccess(
        timeout=timeout,
        insecure=insecure,
        docker_config=data,
        source=source,
        provider=provider,
        tls=tls,
        proxy=proxy,
    )


def docker_config(auths: Mapping[str, object], **more: object) -> DockerConfig:
    """Docker's configuration as the edge hands it over."""
    return DockerConfig(data=json.dumps({"auths": auths, **more}).encode(), source="/home/me/.docker/config.json")


def entry(username: str = "alice", password: str = "secret-of-alice") -> dict[str, str]:
    """An entry under `auths`."""
    return {"auth": base64.b64encode(f"{username}:{password}".encode()).decode()}


def tags_page(*tags: object, link: str | None = None, **headers: str) -> httpx.Response:
    """A page of tags."""
    fields = {"Content-Type": "application/json", **({"Link": link} if link is not None else {}), **headers}
    return httpx.Response(200, headers=fields, content=json.dumps({"name": "team/app", "tags": list(tags)}).encode())


def errors(status: int, code: str = "", message: str = "", **headers: str) -> httpx.Response:
    """A refusal as registries spell it."""
    return httpx.Response(status, headers=headers, json={"errors": [{"code": code, "message": message}]})


def unauthorized(*challenges: str) -> httpx.Response:
    """A 401 with these `WWW-Authenticate` headers."""
    return httpx.Response(401, headers=[("WWW-Authenticate", challenge) for challenge in challenges])


def bearer(scope: str = "repository:team/app:pull", realm: str = "https://registry.example.com/token") -> str:
    """A challenge that leads to a token server."""
    return f'Bearer realm="{realm}",service="registry",scope="{scope}"'


def token(value: str = "t1", **more: object) -> httpx.Response:
    """The answer of a token server."""
    return httpx.Response(200, json={"token": value, "expires_in": 300, **more})


SMALL = Limits(attempts=2)
