"""What a run needs of a registry, and each question to it asked once."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Protocol, TypeVar

from imgupdate.config.model import RegistryAccess
from imgupdate.errors import Error
from imgupdate.images import Digest, Repository, Tag
from imgupdate.report.text import clean
from imgupdate.results import Listing
from imgupdate.update.parallel import Progress, in_parallel

Item = TypeVar("Item", bound=Hashable)
Answer = TypeVar("Answer")


class RegistrySource(Protocol):
    """Registries, as far as a run asks them. Called on several threads at once."""

    def tags(self, repository: Repository, access: RegistryAccess) -> Listing:
        """All tags of a repository.

        Raises:
            ScanError: the registry cannot be reached, refuses, or says nothing usable.
            ConfigurationError: the access cannot be used as it is.

        """
        ...

    def digest(self, repository: Repository, tag: Tag, access: RegistryAccess) -> Digest:
        """The digest of what a tag points at: the index where there is one (spec/flux.md 4.7).

        Raises:
            ScanError: as above, or there is no such tag.
            ConfigurationError: as above.

        """
        ...

    def prepare(self, repositories: Iterable[tuple[Repository, RegistryAccess]]) -> None:
        """Hear what will be asked for, so that one login can serve several repositories."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A repository and how to reach it."""

    repository: Repository
    access: RegistryAccess

    @property
    def key(self) -> Hashable:
        """Equal where one answer serves both: the same image with the same access, however patient and often."""
        return self.repository.canonical, replace(self.access, timeout=0, interval=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scanner:
    """Asks registries many questions at once, equal ones only once."""

    source: RegistrySource
    workers: int
    progress: Progress

    def listings(self, targets: Iterable[Target]) -> Iterator[tuple[Hashable, Listing | Error]]:
        """The key of each distinct target with its tags, or why there are none, as the answers come."""

        def call(target: Target) -> Listing | Error:
            try:
                return self.source.tags(target.repository, target.access)
            except Error as error:
                return error

        distinct: dict[Hashable, Target] = {}
        for target in targets:
            distinct[target.key] = most_patient(target, distinct.get(target.key))
        self.source.prepare((target.repository, target.access) for target in distinct.values())
        yield from self._ask("scanning images", distinct, call, lambda target: target.repository.text)

    def digests(self, wanted: Iterable[tuple[Target, Tag]]) -> dict[Hashable, Digest | Error]:
        """By target key and tag, the digest of each distinct pair, or why there is none."""

        def call(pair: tuple[Target, Tag]) -> Digest | Error:
            target, tag = pair
            try:
                return self.source.digest(target.repository, tag, target.access)
            except Error as error:
                return error

        def name(pair: tuple[Target, Tag]) -> str:
            target, tag = pair
            return f"{target.repository.text}:{tag}"

        distinct: dict[Hashable, tuple[Target, Tag]] = {}
        for target, tag in wanted:
            known = distinct.get((target.key, tag))
            distinct[target.key, tag] = most_patient(target, known[0] if known else None), tag
        return dict(self._ask("looking up digests", distinct, call, name))

    def _ask(
        self, step: str, distinct: Mapping[Hashable, Item], call: Callable[[Item], Answer], name: Callable[[Item], str]
    ) -> Iterator[tuple[Hashable, Answer]]:
        if not distinct:
            return
        self.progress.begin(step, len(distinct))
        try:
            keys = tuple(distinct)
            for key, answer in in_parallel(keys, lambda key: call(distinct[key]), workers=self.workers):
                self.progress.advance(name(distinct[key]))
                yield key, answer
        finally:
            self.progress.end()


def most_patient(target: Target, other: Target | None) -> Target:
    """What is asked for two targets with the same key: it waits as long as either, and comes as often as either."""
    if other is None:
        return target
    timeout = max(target.access.timeout, other.access.timeout)
    interval = min(target.access.interval, other.access.interval)
    return replace(target, access=replace(target.access, timeout=timeout, interval=interval))


def told(error: Error, image: str) -> str:
    """What an error says about an image that is named beside it, on one clean line."""
    where = "" if error.where in ("", image) else f"{error.where}: "
    return clean(f"{where}{error.message}")
