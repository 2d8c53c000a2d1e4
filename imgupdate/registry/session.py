"""A visit to one registry for one image: scheme, redirects, and who may be shown what along the way."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace

import httpx

from imgupdate.config.model import RegistryAccess
from imgupdate.errors import ScanError
from imgupdate.images import Repository
from imgupdate.registry.addresses import host_of, is_loopback, split_port
from imgupdate.registry.clock import Deadline
from imgupdate.registry.credentials.model import Credential
from imgupdate.registry.door import Door
from imgupdate.registry.failures import Unreachable, clean
from imgupdate.registry.hosts import HostMemory, Hosts
from imgupdate.registry.known import endpoint_of
from imgupdate.registry.realms import RealmPolicy
from imgupdate.registry.redirects import next_url, same_origin
from imgupdate.registry.sender import Answer, Call, Network, Sender
from imgupdate.registry.tokens import TokenRefused

_REFUSALS = (401, 403)


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """Which image is read, how, as whom and until when.

    `passed_over` is what is odd about where the credential was looked for; `warnings` collects what is odd on the way.
    `offered` says that nobody gave the credential for this registry, so that nobody may be let in where it is refused.
    """

    repository: Repository
    access: RegistryAccess
    credential: Credential | None
    deadline: Deadline
    allowed_realms: frozenset[str] = frozenset()
    offered: bool = False
    passed_over: tuple[str, ...] = ()
    warnings: list[str] = field(default_factory=list)

    @property
    def endpoint(self) -> str:
        """The host, with port, that serves the registry's API."""
        return endpoint_of(self.repository.registry)

    @property
    def network(self) -> Network:
        """The way to it."""
        return Network(tls=self.access.tls, proxy=self.access.proxy)

    @property
    def may_be_plain(self) -> bool:
        """Whether the registry may be spoken to without TLS: the user says so, or its name is of a local network."""
        host, _ = split_port(self.endpoint)
        return self.access.insecure or self.repository.scheme_hint == "http" or is_loopback(host)


class Session:
    """Asks one registry on behalf of one visit. Not to be shared by threads.

    `door` is the registry's own, at which the credential is shown.
    """

    def __init__(self, visit: Visit, hosts: Hosts, sender: Sender) -> None:
        self.visit = visit
        self.memory: HostMemory = hosts.of(visit.endpoint, visit.network, insecure=visit.access.insecure)
        self._hosts = hosts
        self._sender = sender
        self.door = self._own_door()

    def get(self, target: str | httpx.URL, *, limit: int, method: str = "GET", headers: Mapping[str, str]) -> Answer:
        """The answer for a path of the registry's API, or for a URL that an answer led to.

        Redirects are followed. The status may be anything.

        Raises:
            ScanError: there is no answer, or one leads where we do not go.

        """
        if not self.visit.offered:
            return self._get(target, limit=limit, method=method, headers=headers)
        refused: Answer | TokenRefused
        try:
            refused = self._get(target, limit=limit, method=method, headers=headers)
        except TokenRefused as error:
            refused = error
        if refused.status not in _REFUSALS:
            return _answer(refused)
        return self._get_as_nobody(refused, target, limit=limit, method=method, headers=headers)

    def _get_as_nobody(
        self,
        refused: Answer | TokenRefused,
        target: str | httpx.URL,
        *,
        limit: int,
        method: str,
        headers: Mapping[str, str],
    ) -> Answer:
        """What everybody gets, if that is more; then the rest of the visit is nobody's (spec/registry.md 7.7)."""
        visit, door = self.visit, self.door
        source = visit.credential.source if visit.credential is not None else "credentials"
        passed_over = (*visit.passed_over, f"{source} may not read it")
        self.visit = replace(visit, credential=None, offered=False, passed_over=passed_over)
        self.door = self._own_door()
        with suppress(TokenRefused):
            answer = self._get(target, limit=limit, method=method, headers=headers)
            if answer.status not in _REFUSALS:
                return answer
        self.visit, self.door = visit, door
        return _answer(refused)

    def _get(self, target: str | httpx.URL, *, limit: int, method: str, headers: Mapping[str, str]) -> Answer:
        visit = self.visit
        url = self._url(target) if isinstance(target, str) else target
        call = Call(url=url, method=method, headers=headers, limit=limit, network=visit.network)
        answer = self._get_from_registry(call) if isinstance(target, str) else self._ask(call)
        for _ in range(self._sender.limits.redirects):
            following = next_url(answer, public=self.memory.is_public)
            if following is None:
                break
            answer = self._ask(replace(call, url=following))
        if next_url(answer, public=self.memory.is_public) is not None:
            raise ScanError(
                f"{visit.endpoint} redirects more than {self._sender.limits.redirects} times",
                remedy="tell the registry's operator",
            )
        self._pass_on_warnings(answer)
        return answer

    def _own_door(self) -> Door:
        visit = self.visit
        return Door(
            sender=self._sender,
            memory=self.memory,
            realms=RealmPolicy(
                host=split_port(visit.endpoint)[0],
                endpoint=visit.endpoint,
                plain=visit.may_be_plain,
                insecure=visit.access.insecure,
                allowed=visit.allowed_realms,
            ),
            network=visit.network,
            credential=visit.credential,
            deadline=visit.deadline,
        )

    def _get_from_registry(self, call: Call) -> Answer:
        """Over https; over http only where that is allowed and https did not connect. What worked is remembered."""
        if self.memory.scheme or not self.visit.may_be_plain:
            return self.door.ask(call)
        with self.memory.one_probes(self.visit.deadline) as scheme:
            if not scheme:
                return self._find_scheme(call)
        return self.door.ask(replace(call, url=call.url.copy_with(scheme=scheme)))

    def _find_scheme(self, encrypted: Call) -> Answer:
        try:
            answer = self.door.ask(replace(encrypted, attempts=1))
        except Unreachable as error:
            if error.encrypted or not same_origin(error.url, encrypted.url):
                raise
        else:
            self.memory.scheme = "https"
            return answer
        answer = self.door.ask(replace(encrypted, url=encrypted.url.copy_with(scheme="http")))
        self.memory.scheme = "http"
        return answer

    def _ask(self, call: Call) -> Answer:
        """The answer of a URL of the registry, or of another host, which is shown nothing of ours."""
        url = call.url
        if same_origin(url, self._url("/")):
            return self.door.ask(call)
        endpoint = url.netloc.decode("ascii")
        network = self.visit.network.for_strangers()
        door = Door(
            sender=self._sender,
            memory=self._hosts.of(endpoint, network, insecure=self.visit.access.insecure),
            realms=RealmPolicy(host=host_of(url), endpoint=endpoint, insecure=self.visit.access.insecure),
            network=network,
            credential=None,
            deadline=self.visit.deadline,
            confined=self.memory.is_public,
        )
        return door.ask(replace(call, network=network, public_only=door.confined))

    def _url(self, path: str) -> httpx.URL:
        try:
            return httpx.URL(f"{self.memory.scheme or 'https'}://{self.visit.endpoint}{path}")
        except httpx.InvalidURL as error:
            raise ScanError(
                f"the registry {clean(self.visit.endpoint)} is not a host that can be reached",
                remedy="check the image's name",
            ) from error

    def _pass_on_warnings(self, answer: Answer) -> None:
        """`Warning: 299` is how a registry speaks to people (OCI distribution specification)."""
        for header in answer.headers.get_list("warning"):
            words = header.partition('"')[2].rpartition('"')[0].replace('\\"', '"')
            text = clean(words, secrets=self.visit.credential.secrets if self.visit.credential else ())
            if header.startswith("299 ") and text and self.memory.says_first(text):
                self.visit.warnings.append(f"{self.visit.endpoint} says: {text}")


def _answer(outcome: Answer | TokenRefused) -> Answer:
    """An answer as such; a refusal of the token server is raised again."""
    if isinstance(outcome, TokenRefused):
        raise outcome
    return outcome
