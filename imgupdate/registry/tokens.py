"""Tokens for one host: asked for once, shared by all who wait for the same, renewed in time (spec/registry.md 2.3)."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

import httpx

from imgupdate.errors import ScanError
from imgupdate.registry.clock import Clock, Deadline
from imgupdate.registry.credentials.model import Credential

SHORTEST_LIFE = 60.0
LONGEST_LIFE = 86_400.0
EARLY = 5.0
"""Seconds before its end at which a token is renewed."""


@dataclass(frozen=True, slots=True)
class TokenServer:
    """Where a registry's tokens are had, and what the registry is called there."""

    realm: httpx.URL
    service: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """A token, when it ends (an instant of the clock), and what was had with it to renew the next one."""

    value: str = field(repr=False)
    ends: float
    identity_token: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A token as it is handed out: `fresh` if it was got just now, `shared` if it is for other repositories as well."""

    value: str = field(repr=False)
    fresh: bool
    shared: bool


class TokenRefused(ScanError):
    """A token server gives no token: `status` says why; `rejected` means that it knows no such user and password."""

    def __init__(self, message: str, *, remedy: str, status: int, rejected: bool = False) -> None:
        super().__init__(message, remedy=remedy)
        self.status = status
        self.rejected = rejected


Fetch = Callable[[TokenServer, Sequence[str], Credential | None, Deadline], Token]


class TokenBook:
    """The tokens that one credential (None: nobody) has for one host. Safe to use from many threads."""

    def __init__(self, fetch: Fetch, credential: Credential | None, clock: Clock) -> None:
        self._fetch = fetch
        self._credential = credential
        self._clock = clock
        self._lock = threading.Lock()
        self._held: dict[str, Token] = {}
        self._groups: dict[str, tuple[str, ...]] = {}
        self._under_way: dict[tuple[str, ...], threading.Lock] = {}
        self._rejection: TokenRefused | None = None

    def share(self, scopes: Sequence[str], size: int) -> None:
        """Ask for these scopes together, so many to a token, when the first of them is wanted."""
        with self._lock:
            new = sorted(set(scopes) - set(self._groups))
            for start in range(0, len(new), size):
                group = tuple(new[start : start + size])
                if len(group) > 1:
                    self._groups.update(dict.fromkeys(group, group))

    def token(self, server: TokenServer, scope: str, deadline: Deadline) -> Held:
        """A token for a scope, the one that we have if it lives.

        Raises:
            TokenRefused: the server gives none.
            ScanError: the server does not answer, or not with a token.

        """
        held = self._living(scope)
        if held is not None:
            return held
        group = self._groups.get(scope, (scope,))
        with self._alone(group, deadline):
            held = self._living(scope)
            if held is not None:
                return held
            try:
                return self._obtain(server, group, group, deadline)
            except TokenRefused:
                if len(group) == 1:
                    raise
                self._separate(group)
        return self.token(server, scope, deadline)

    def renew(self, server: TokenServer, scope: str, wanted: Sequence[str], rejected: str, deadline: Deadline) -> Held:
        """A token other than the one that was rejected, for the scopes that the registry wants and then our own.

        Raises:
            TokenRefused: the server gives none.
            ScanError: the server does not answer, or not with a token.

        """
        scopes = tuple(dict.fromkeys([*wanted, *([scope] if scope else [])]))
        with self._alone((scope,), deadline):
            held = self._living(scope)
            if held is not None and held.value != rejected:
                return held
            return self._obtain(server, scopes, (scope,), deadline)

    def _living(self, scope: str) -> Held | None:
        with self._lock:
            token = self._held.get(scope)
            if token is None or token.ends <= self._clock.monotonic():
                return None
            return Held(value=token.value, fresh=False, shared=scope in self._groups)

    def _obtain(self, server: TokenServer, wanted: Sequence[str], serves: tuple[str, ...], deadline: Deadline) -> Held:
        """Fetch a token and keep it for the scopes that it serves; a user who is unknown is not tried again."""
        if self._rejection is not None:
            raise self._again(self._rejection)
        try:
            token = self._fetch(server, [scope for scope in wanted if scope], self._credential, deadline)
        except TokenRefused as error:
            if error.rejected:
                self._rejection = error
            raise
        with self._lock:
            self._held.update(dict.fromkeys(serves, token))
            if token.identity_token and self._credential is not None:
                self._credential = replace(self._credential, identity_token=token.identity_token)
        return Held(value=token.value, fresh=True, shared=len(serves) > 1)

    def _separate(self, group: tuple[str, ...]) -> None:
        with self._lock:
            for scope in group:
                self._groups.pop(scope, None)

    @contextmanager
    def _alone(self, key: tuple[str, ...], deadline: Deadline) -> Iterator[None]:
        """One thread at a time for the same token."""
        with self._lock:
            lock = self._under_way.setdefault(key, threading.Lock())
        if not lock.acquire(timeout=deadline.remaining()):
            raise deadline.passed()
        try:
            yield
        finally:
            lock.release()

    @staticmethod
    def _again(error: TokenRefused) -> TokenRefused:
        return TokenRefused(error.message, remedy=error.remedy, status=error.status, rejected=True)
