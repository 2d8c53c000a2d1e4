"""How one visitor gets past the door of one host: show what it wants to see, once more if that was stale (spec 2.5)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from enum import Enum, auto

import httpx

from imgupdate.errors import ScanError
from imgupdate.registry.addresses import host_of
from imgupdate.registry.challenge import Challenge, parse_challenges
from imgupdate.registry.clock import Deadline
from imgupdate.registry.credentials.model import Credential
from imgupdate.registry.failures import parse_errors
from imgupdate.registry.hosts import HostMemory
from imgupdate.registry.realms import ALLOW, RealmPolicy
from imgupdate.registry.sender import Answer, Call, Network, Sender
from imgupdate.registry.tokens import Token, TokenBook, TokenRefused, TokenServer
from imgupdate.registry.tokenserver import TokenClient

_PATH = re.compile(r"/v2/(.+)/(?:tags|manifests|blobs)/[^/]+")
_STALE_TOKEN = re.compile(r"(?i)authorization token (?:is invalid|has expired)|token (?:is |has )?expired")
_PULLS_LEFT = re.compile(r"[0-9]{1,9}")
_BEARER = "Bearer "


class _Kind(Enum):
    NOTHING = auto()
    BASIC = auto()
    GIVEN_TOKEN = auto()
    TOKEN = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shown:
    """What went into `Authorization`."""

    kind: _Kind = _Kind.NOTHING
    header: str = field(default="", repr=False)
    fresh: bool = False
    shared: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """A host as one visitor sees it. `credential` is None where nobody is to be shown, such as after a redirect.

    `confined` says that a host of the internet sent us here, so that all of this stays on the internet.
    """

    sender: Sender
    memory: HostMemory
    realms: RealmPolicy
    network: Network
    credential: Credential | None
    deadline: Deadline
    confined: bool = False

    def ask(self, call: Call) -> Answer:
        """Send a request with what the host wants to see; what comes back may still be a refusal.

        Raises:
            ScanError: there is no answer, or no token.

        """
        with self.memory.first_alone(self.deadline):
            scope = scope_of(call.url)
            shown = self._first(scope)
            answer = self._send(call, shown)
            again = self._next(call, answer, shown, scope)
            return answer if again is None else self._send(call, again)

    def withholds(self) -> str:
        """Why the token server does not see the credential; empty if it does, or if there is none."""
        return "" if self.memory.server is None else self._withheld(self.memory.server)

    def share_tokens(self, scopes: Sequence[str], size: int) -> None:
        """Have one token for many repositories, where the host is known to give such."""
        if self.memory.known.shared_tokens and self.memory.server is not None:
            self._book(self.memory.server).share(scopes, size)

    def _send(self, call: Call, shown: _Shown) -> Answer:
        headers = {**call.headers, "Authorization": shown.header} if shown.header else call.headers
        answer = self.sender.send(replace(call, headers=headers), self.deadline)
        if answer.public is not None:
            self.memory.is_public = answer.public
        left = _PULLS_LEFT.match(answer.headers.get("ratelimit-remaining", ""))
        if left:
            self.memory.pulls_left = int(left[0])
        return answer

    def _first(self, scope: str) -> _Shown:
        """What to show before the host says anything, by what it wanted the last time."""
        if self.credential is not None and self.credential.registry_token:
            return _Shown(kind=_Kind.GIVEN_TOKEN, header=_BEARER + self.credential.registry_token)
        server = self.memory.server
        if self.memory.wants_basic or server is None:
            basic = self._basic() if self.memory.wants_basic else _Shown()
            if basic.header or server is None:
                return basic
        try:
            with self._explained(server):
                held = self._book(server).token(server, scope, self.deadline)
        except TokenRefused as error:
            if error.status in (401, 403) or not self.memory.server_is_guess:
                raise
            return _Shown()
        return _Shown(kind=_Kind.TOKEN, header=_BEARER + held.value, fresh=held.fresh, shared=held.shared)

    def _next(self, call: Call, answer: Answer, shown: _Shown, scope: str) -> _Shown | None:
        """What to show instead after a refusal; None where nothing better is at hand."""
        expired = any(_STALE_TOKEN.search(error.message) for error in parse_errors(answer.body))
        if answer.status == 401:
            return self._answer_challenges(call, answer, shown, scope)
        outdated = expired or not shown.fresh or shown.shared
        server = self.memory.server
        if (
            shown.kind is _Kind.TOKEN
            and server is not None
            and ((answer.status == 400 and expired) or (answer.status == 403 and outdated))
        ):
            return self._other_token(server, scope, (), shown)
        return None

    def _answer_challenges(self, call: Call, answer: Answer, shown: _Shown, scope: str) -> _Shown | None:
        if shown.kind is _Kind.GIVEN_TOKEN:
            return None
        challenges = _usable(answer) or self._pinged(call)
        basic = any(challenge.scheme == "basic" for challenge in challenges)
        bearer = next((challenge for challenge in challenges if challenge.scheme == "bearer"), None)
        if bearer is not None:
            try:
                return self._answer_bearer(answer.url, bearer, shown, scope)
            except ScanError:
                if not (basic and self._basic().header):
                    raise
        if basic and shown.kind is not _Kind.BASIC and self._basic().header:
            self.memory.wants_basic = True
            return self._basic()
        return None

    def _answer_bearer(self, url: httpx.URL, challenge: Challenge, shown: _Shown, scope: str) -> _Shown | None:
        try:
            realm = url.join(challenge.realm)
        except (httpx.InvalidURL, ValueError) as error:
            raise ScanError(
                "the registry names a token server whose address is not a web address",
                remedy="check the image's registry; its operator configures the address of the token server",
            ) from error
        server = TokenServer(realm, challenge.service)
        same = server == self.memory.server
        self.realms.check(realm, public=self.memory.is_public, encrypted=url.scheme == "https")
        self.memory.server, self.memory.server_is_guess = server, False
        self.memory.wants_basic = self.memory.wants_basic and shown.kind is not _Kind.BASIC
        pointless = shown.kind is _Kind.TOKEN and shown.fresh and not shown.shared and same
        if pointless and set(challenge.scopes) <= {scope}:
            return None
        return self._other_token(server, scope, challenge.scopes, shown)

    def _other_token(self, server: TokenServer, scope: str, wanted: Sequence[str], shown: _Shown) -> _Shown:
        rejected = shown.header.removeprefix(_BEARER) if shown.kind is _Kind.TOKEN else ""
        with self._explained(server):
            held = self._book(server).renew(server, scope, wanted, rejected, self.deadline)
        return _Shown(kind=_Kind.TOKEN, header=_BEARER + held.value, fresh=held.fresh)

    def _pinged(self, call: Call) -> tuple[Challenge, ...]:
        """The challenges at the root of the API, for a host that leaves them out elsewhere; asked once a host."""
        if self.memory.pinged:
            return ()
        self.memory.pinged = True
        ping = replace(call, url=call.url.copy_with(path="/v2/", query=None), method="GET")
        answer = self.sender.send(ping, self.deadline)
        return _usable(answer) if answer.status == 401 else ()

    def _basic(self) -> _Shown:
        header = self.credential.basic if self.credential is not None else ""
        return _Shown(kind=_Kind.BASIC, header=header) if header else _Shown()

    def _withheld(self, server: TokenServer) -> str:
        if self.credential is None or self.realms.trusts(server.realm):
            return ""
        return self.realms.withheld(server.realm)

    @contextmanager
    def _explained(self, server: TokenServer) -> Iterator[None]:
        """Let the refusal of a token server that saw no credentials say that there were some."""
        try:
            yield
        except TokenRefused as error:
            withheld = self._withheld(server)
            if not withheld:
                raise
            raise TokenRefused(f"{error.message}; {withheld}", remedy=ALLOW, status=error.status) from error

    def _book(self, server: TokenServer) -> TokenBook:
        """The tokens for what the server may see of us."""
        seen = self.credential if self.realms.trusts(server.realm) else None
        return self.memory.book(seen, lambda: TokenBook(self._fetch, seen, self.sender.clock))

    def _fetch(
        self, server: TokenServer, scopes: Sequence[str], credential: Credential | None, deadline: Deadline
    ) -> Token:
        ours = host_of(server.realm) == self.realms.host
        client = TokenClient(
            self.sender,
            self.network if ours else self.network.for_strangers(),
            public_only=self.confined or (self.memory.is_public and not ours and not self.memory.server_is_guess),
        )
        return client.fetch(server, scopes, credential, deadline)


def scope_of(url: httpx.URL) -> str:
    """The scope that reading a URL of the API needs; empty where it names no repository.

    >>> scope_of(httpx.URL("https://ghcr.io/v2/org/app/tags/list?n=10"))
    'repository:org/app:pull'
    """
    match = _PATH.fullmatch(url.path)
    return f"repository:{match[1]}:pull" if match else ""


def _usable(answer: Answer) -> tuple[Challenge, ...]:
    challenges = parse_challenges(answer.headers.get_list("www-authenticate"))
    return tuple(c for c in challenges if c.scheme == "basic" or (c.scheme == "bearer" and c.realm))
