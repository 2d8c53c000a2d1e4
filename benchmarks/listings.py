"""Listing many repositories, beside a bare loop over `http.client` that knows the registry and asks the least."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from queue import SimpleQueue
from urllib.parse import urlencode

import httpx

from benchmarks.registry_server import BASIC, PASSWORD, TAGS, USER, Kind
from benchmarks.timing import Job, Timing, side_by_side
from imgupdate.config.model import RegistryAccess
from imgupdate.images import parse_repository
from imgupdate.registry import Limits, RegistryClient, SystemClock
from imgupdate.registry.sender import Network
from imgupdate.registry.transport import Wire
from imgupdate.results import Listing
from imgupdate.update import Scanner, Silent, Target

AT_ONCE = 32
_KNOWN_HOST = "ghcr.io"
"""A registry of which imgupdate knows that one token serves many repositories. Nothing is sent there."""


class WrongListings(Exception):
    """Not every repository was listed whole."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """Our time and requests for a kind of registry, and those of the bare loop."""

    kind: Kind
    ours: Timing
    our_requests: int
    bare: Timing
    bare_requests: int


def compare(kind: Kind, repositories: int, seconds: float, repetitions: int) -> Compared:
    """List so many repositories of a registry that takes so many seconds for each answer, each time from cold."""
    names = [f"team/app-{number:04}" for number in range(repositories)]
    with registry(kind, seconds) as port:

        def ours() -> None:
            list_with_imgupdate(kind, port, names)

        def bare() -> None:
            list_barely(kind, port, names)

        our_requests, bare_requests = (_counted(port, job) for job in (ours, bare))
        our_time, bare_time = side_by_side(lambda _: ours, lambda _: bare, repetitions)
    return Compared(kind=kind, ours=our_time, our_requests=our_requests, bare=bare_time, bare_requests=bare_requests)


@contextmanager
def registry(kind: Kind, seconds: float) -> Iterator[int]:
    """The port of a registry in a process of its own, since a measured one needs all of an interpreter."""
    program = [sys.executable, "-m", "benchmarks.registry_server", kind.value, str(seconds)]
    with subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        yield int(server.stdout.readline())
        server.communicate()


def list_with_imgupdate(kind: Kind, port: int, names: Sequence[str]) -> None:
    """List as a run does."""
    host = f"127.0.0.1:{port}"
    login = {"auths": {host: {"username": USER, "password": PASSWORD}}} if kind is Kind.BASIC else {}
    access = RegistryAccess(docker_config=json.dumps(login).encode() if login else b"", source="the benchmark")
    host = _KNOWN_HOST if kind is Kind.SHARED else host
    targets = [Target(repository=parse_repository(f"{host}/{name}"), access=access) for name in names]
    detour = _Detour(port)
    with RegistryClient(transport_of=detour.of if kind is Kind.SHARED else None) as client:
        scanner = Scanner(source=client, workers=AT_ONCE, progress=Silent())
        found = [answer for _, answer in scanner.listings(targets)]
    detour.close()
    _check([len(answer.tags) if isinstance(answer, Listing) else 0 for answer in found], names)


class _Detour(httpx.BaseTransport):
    """Leads what is meant for a registry of the internet to the one of the benchmark."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._wire = Wire(clock=SystemClock(), limits=Limits(), tls=None)

    def of(self, _network: Network, _url: httpx.URL, _public_only: bool) -> httpx.BaseTransport:  # noqa: FBT001
        """The way to the benchmark's registry, wherever one wants to go."""
        return self

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        url = request.url.copy_with(scheme="http", host="127.0.0.1", port=self._port)
        sent = httpx.Request(request.method, url, headers=request.headers, extensions=request.extensions)
        answer = self._wire.handle_request(sent)
        return httpx.Response(answer.status_code, headers=answer.headers, stream=answer.stream)

    def close(self) -> None:
        self._wire.close()


def list_barely(kind: Kind, port: int, names: Sequence[str]) -> None:
    """List with the fewest requests: no look at what the registry wants, no more tokens than it takes."""
    shared = {}
    if kind is Kind.SHARED:
        with closing(HTTPConnection("127.0.0.1", port)) as connection:
            shared = {"Authorization": _token(connection, names)}
    waiting: SimpleQueue[str | None] = SimpleQueue()
    for name in (*names, *[None] * AT_ONCE):
        waiting.put(name)

    def work(_: int) -> list[int]:
        counts = []
        with closing(HTTPConnection("127.0.0.1", port)) as connection:
            while (name := waiting.get()) is not None:
                headers = {"Authorization": BASIC} if kind is Kind.BASIC else shared
                if kind is Kind.PER_REPOSITORY:
                    headers = {"Authorization": _token(connection, [name])}
                counts.append(len(_get(connection, f"/v2/{name}/tags/list?n=1000", headers)["tags"]))
        return counts

    with ThreadPoolExecutor(AT_ONCE) as pool:
        _check([count for counts in pool.map(work, range(AT_ONCE)) for count in counts], names)


def _token(connection: HTTPConnection, names: Sequence[str]) -> str:
    scopes = urlencode([("scope", f"repository:{name}:pull") for name in names])
    return f"Bearer {_get(connection, f'/token?service=any&{scopes}', {})['token']}"


def _get(connection: HTTPConnection, target: str, headers: dict[str, str]) -> dict[str, str]:
    connection.request("GET", target, headers=headers)
    parsed: dict[str, str] = json.loads(connection.getresponse().read())
    return parsed


def _counted(port: int, job: Job) -> int:
    """How many requests a job makes."""
    with closing(HTTPConnection("127.0.0.1", port)) as connection:
        _count(connection)
        job()
        return _count(connection)


def _count(connection: HTTPConnection) -> int:
    """The requests since the last time that this was asked."""
    connection.request("GET", "/requests")
    return int(connection.getresponse().read())


def _check(counts: Sequence[int], names: Sequence[str]) -> None:
    if counts.count(TAGS) != len(names):
        raise WrongListings(f"{counts.count(TAGS)} of {len(names)} repositories listed")
