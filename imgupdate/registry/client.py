"""The registry client: tags and digests of images, for as many threads as like."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from types import TracebackType
from typing import Self

import httpx

from imgupdate.config.model import RegistryAccess
from imgupdate.errors import Error, ScanError
from imgupdate.images import Digest, Repository, Tag
from imgupdate.registry.cache import CacheDirectory, ConditionalSession, ContentCache, ListingCache
from imgupdate.registry.clock import Clock, Deadline, SystemClock
from imgupdate.registry.credentials import Credential, CredentialSources, Keychain
from imgupdate.registry.digests import find_digest
from imgupdate.registry.hosts import Hosts
from imgupdate.registry.known import endpoint_of, known_registry
from imgupdate.registry.labels import find_labels
from imgupdate.registry.limits import Limits
from imgupdate.registry.manifests import Manifests
from imgupdate.registry.metadata import find_metadata
from imgupdate.registry.pages import list_tags
from imgupdate.registry.proxies import EnvironmentProxies
from imgupdate.registry.sender import Sender, TransportOf, Transports
from imgupdate.registry.session import Session, Visit
from imgupdate.results import Facet, ImageMetadata, ListedImage, Listing


class RegistryClient:
    """Reads registries. Use it as a context manager, for one run; it is safe to share by threads.

    Args:
        credentials: Where credentials may come from, None for nowhere.
        proxies: The proxies that the environment names.
        authorities: The path of a file of further certificate authorities (SSL_CERT_FILE), empty for none.
        allowed_realms: Hosts of token servers that may see credentials besides those that belong to a registry.
        limits: The bounds on sizes, times and crowds.
        clock: Tells the time.
        jitter: A number from 0 to 1 by which a wait is shortened.
        transport_of: Makes connections, in place of real ones.

    """

    def __init__(
        self,
        *,
        credentials: CredentialSources | None = None,
        proxies: EnvironmentProxies | None = None,
        authorities: str = "",
        allowed_realms: frozenset[str] = frozenset(),
        limits: Limits | None = None,
        clock: Clock | None = None,
        jitter: Callable[[], float] | None = None,
        transport_of: TransportOf | None = None,
    ) -> None:
        self._limits = limits or Limits()
        self._clock = clock or SystemClock()
        self._allowed_realms = allowed_realms
        self._transports = Transports(
            clock=self._clock, limits=self._limits, proxies=proxies or EnvironmentProxies(), bundle=authorities
        )
        self._sender = Sender(
            transport_of or self._transports.of,
            clock=self._clock,
            limits=self._limits,
            jitter=jitter or random.SystemRandom().random,
        )
        self._hosts = Hosts()
        self._keychain = Keychain(credentials)
        self._labels: dict[tuple[str, str, RegistryAccess], Mapping[str, str]] = {}
        self._metadata: dict[tuple[str, str, RegistryAccess], tuple[frozenset[Facet], ImageMetadata]] = {}
        self._listed: dict[tuple[str, RegistryAccess], Mapping[str, ListedImage]] = {}
        self._lock = threading.Lock()
        self._cache: CacheDirectory | None = None
        self._contents: ContentCache | None = None
        self._listings: ListingCache | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close all connections, and the cache."""
        self._transports.close()
        if self._cache is not None:
            self._cache.close()

    def remember(self, cache: CacheDirectory, *, respect_interval: bool = False) -> None:
        """Use what former runs left, and leave something to later ones; to be said before anything is asked.

        With `respect_interval`, a list of tags serves until the interval of its access has passed. `close` closes the
        cache as well.
        """
        self._cache = cache
        self._contents = ContentCache(cache)
        self._listings = ListingCache(cache, clock=self._clock, respect_interval=respect_interval)

    def tags(self, repository: Repository, access: RegistryAccess) -> Listing:
        """All tags of a repository, and what was odd about them.

        Raises:
            ScanError: they cannot be had; `where` is the image.
            ConfigurationError: a certificate, key or proxy of the access is unusable.

        """
        with _located(repository.text):
            visit = self._visit(repository, access)
            if self._listings is not None:
                session = ConditionalSession(visit, self._hosts, self._sender)
                listing = self._listings.tags(session, self._limits)
            else:
                listing = list_tags(Session(visit, self._hosts, self._sender), self._limits)
        with self._lock:
            self._listed[repository.canonical, _patient(access)] = listing.images
        return listing

    def digest(self, repository: Repository, tag: Tag, access: RegistryAccess) -> Digest:
        """The digest that a tag of a repository has now: that of the index, where there is one.

        Nothing is asked where the list of tags of this run told it.

        Raises:
            ScanError: it cannot be had; `where` is the image with its tag.
            ConfigurationError: a certificate, key or proxy of the access is unusable.

        """
        if (listed := self._listed_image(repository, tag, access)) is not None:
            return listed.digest
        with _located(f"{repository.text}:{tag}"):
            return find_digest(self._session(repository, access), tag, self._limits)

    def labels(self, repository: Repository, identifier: Tag | Digest, access: RegistryAccess) -> Mapping[str, str]:
        """What an image says of itself in annotations and labels; asked once for each tag and digest.

        Source and revision (`org.opencontainers.image.…`) are among them if the image says them; others may be missing.

        Raises:
            ScanError: it cannot be had; `where` is the image with its tag or digest.
            ConfigurationError: a certificate, key or proxy of the access is unusable.

        """
        patient = _patient(access)

        def known(name: str) -> Mapping[str, str] | None:
            with self._lock:
                return self._labels.get((repository.canonical, name, patient))

        if (already := known(identifier)) is not None:
            return already
        with _located(_named(repository, identifier)):
            labels, digest = find_labels(self._manifests(repository, access), identifier, known)
        with self._lock:
            for name in (identifier, digest):
                self._labels[repository.canonical, name, patient] = labels
        return labels

    def metadata(
        self,
        repository: Repository,
        identifier: Tag | Digest,
        access: RegistryAccess,
        *,
        wanted: Collection[Facet] = frozenset(Facet),
    ) -> ImageMetadata:
        """What an image says of itself: what is `wanted`, and what was met on the way to that.

        Asked once for each tag and digest, and not at all for what the list of tags of this run told. The fewer facets,
        the fewer requests: one for the platforms of an index, two more for labels. By a digest that is in the cache
        there are none.

        Raises:
            ScanError: it cannot be had; `where` is the image with its tag or digest.
            ConfigurationError: a certificate, key or proxy of the access is unusable.

        """
        asked, patient = frozenset(wanted), _patient(access)
        listed = self._listed_image(repository, identifier, access)
        if listed is not None:
            identifier = listed.digest
            if asked <= {Facet.CREATED} and (listed.created is not None or not asked):
                return ImageMetadata(digest=listed.digest, created=listed.created)
        with self._lock:
            known = self._metadata.get((repository.canonical, identifier, patient))
        if known is not None and known[0] >= asked:
            return known[1]
        with _located(_named(repository, identifier)):
            found = find_metadata(self._manifests(repository, access), identifier, asked)
        with self._lock:
            for name in (identifier, found.digest):
                self._metadata[repository.canonical, name, patient] = asked, found
        return found

    def prepare(self, repositories: Iterable[tuple[Repository, RegistryAccess]]) -> None:
        """Say beforehand what will be read, so that registries which allow it are asked for one token for many.

        Sends nothing. What is wrong with a repository is told when it is read.
        """
        scopes: dict[tuple[int, Credential | None], list[str]] = {}
        sessions: dict[tuple[int, Credential | None], Session] = {}
        for repository, access in repositories:
            if not known_registry(endpoint_of(repository.registry)).shared_tokens:
                continue
            try:
                session = self._session(repository, access)
            except Error:
                continue
            key = (id(session.memory), session.visit.credential)
            sessions.setdefault(key, session)
            scopes.setdefault(key, []).append(f"repository:{repository.path}:pull")
        for key, session in sessions.items():
            session.door.share_tokens(scopes[key], self._limits.scopes_per_token)

    def _listed_image(self, repository: Repository, tag: str, access: RegistryAccess) -> ListedImage | None:
        """What the list of tags of this run said of the image of a tag."""
        with self._lock:
            return self._listed.get((repository.canonical, _patient(access)), {}).get(tag)

    def _manifests(self, repository: Repository, access: RegistryAccess) -> Manifests:
        return Manifests(self._session(repository, access), self._limits, self._contents)

    def _session(self, repository: Repository, access: RegistryAccess) -> Session:
        return Session(self._visit(repository, access), self._hosts, self._sender)

    def _visit(self, repository: Repository, access: RegistryAccess) -> Visit:
        deadline = Deadline(self._clock, access.timeout)
        found = self._keychain.find(repository, access)
        return Visit(
            repository=repository,
            access=access,
            credential=found.credential,
            deadline=deadline,
            allowed_realms=self._allowed_realms,
            offered=found.offered,
            passed_over=found.passed_over,
            warnings=list(found.warnings),
        )


def _patient(access: RegistryAccess) -> RegistryAccess:
    """An access that is equal for all who get the same answers."""
    return replace(access, timeout=0, interval=0)


def _named(repository: Repository, identifier: Tag | Digest) -> str:
    return f"{repository.text}{'@' if ':' in identifier else ':'}{identifier}"


@contextmanager
def _located(image: str) -> Iterator[None]:
    """Let every error say which image it is about, and none be of another package."""
    try:
        yield
    except Error as error:
        error.where = error.where or image
        raise
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise ScanError(f"the registry could not be read ({type(error).__name__})", where=image) from error
