"""What a run has learned of each host, so that nothing is found out twice (spec/registry.md 2.6)."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import httpx

from imgupdate.registry.addresses import is_private_by_name, split_port
from imgupdate.registry.clock import Deadline
from imgupdate.registry.credentials.model import Credential
from imgupdate.registry.known import KnownRegistry, known_registry
from imgupdate.registry.sender import Network
from imgupdate.registry.tokens import TokenBook, TokenServer


class HostMemory:
    """One host reached one way: its scheme, how it wants to be shown who we are, and how many tags it gives at once.

    `official` are the images that a mirror of Docker Hub knows under `library/` only; `pulls_left` is what the host
    said of that last, None where it said nothing.

    Plain attributes are replaced whole, and reading an old value costs a request at most.
    """

    def __init__(self, endpoint: str) -> None:
        self.endpoint = endpoint
        self.known: KnownRegistry = known_registry(endpoint)
        self.scheme = ""
        self.is_public = not is_private_by_name(split_port(endpoint)[0])
        self.page_size: int | None = self.known.page_size
        self.wants_basic = self.known.basic
        self.server: TokenServer | None = None
        self.server_is_guess = False
        self.pinged = False
        self.official: set[str] = set()
        self.pulls_left: int | None = None
        if self.known.realm:
            self.server = TokenServer(httpx.URL(self.known.realm), self.known.service)
            self.server_is_guess = True
        self._probing = threading.Lock()
        self._learned = threading.Event()
        self._learner = threading.Lock()
        self._lock = threading.Lock()
        self._books: dict[Credential | None, TokenBook] = {}
        self._said: set[str] = set()

    def book(self, credential: Credential | None, make: Callable[[], TokenBook]) -> TokenBook:
        """The tokens of one credential."""
        with self._lock:
            if credential not in self._books:
                self._books[credential] = make()
            return self._books[credential]

    def says_first(self, warning: str) -> bool:
        """Whether a host's warning is new."""
        with self._lock:
            new = warning not in self._said
            self._said.add(warning)
            return new

    @contextmanager
    def one_probes(self, deadline: Deadline) -> Iterator[str]:
        """One thread at a time; gives the scheme that is known by then, if any."""
        if not self._probing.acquire(timeout=deadline.remaining()):
            raise deadline.passed()
        try:
            yield self.scheme
        finally:
            self._probing.release()

    @contextmanager
    def first_alone(self, deadline: Deadline) -> Iterator[None]:
        """Let one request find out what the host wants, while others wait for what it finds; then all go at once."""
        if self.server is not None or self._learned.is_set():
            yield
        elif self._learner.acquire(blocking=False):
            try:
                yield
            finally:
                self._learned.set()
        else:
            if not self._learned.wait(deadline.remaining()):
                raise deadline.passed()
            yield


class Hosts:
    """The memories of all hosts."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._memories: dict[tuple[str, Network, bool], HostMemory] = {}

    def of(self, endpoint: str, network: Network, *, insecure: bool) -> HostMemory:
        """What is known of a host (`name:port`) that is reached in some way.

        What was learned where insecure ways are allowed is not believed where they are not.
        """
        with self._lock:
            key = (endpoint, network, insecure)
            if key not in self._memories:
                self._memories[key] = HostMemory(endpoint)
            return self._memories[key]
