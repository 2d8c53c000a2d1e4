"""Finds what configuration refers to: Secret, GitRepository and Namespace manifests. Nothing is parsed unasked."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field, replace
from typing import TypeVar

from imgupdate.config.fields import GO_DURATION, Fields
from imgupdate.config.findings import Findings
from imgupdate.config.flux_automation import SOURCE_KIND, read_git_ref
from imgupdate.config.model import GitRepository, Secret
from imgupdate.config.secrets import KIND, SEALED_KIND, read_secret
from imgupdate.config.sources import Manifest, parse_manifests, read_metadata
from imgupdate.errors import UnreadableFile
from imgupdate.files import Files
from imgupdate.results import ObjectKey, Problem

NAMESPACE = "Namespace"
CONTROLLER = b"image-automation-controller"
COMPONENTS = "gotk-components.yaml"

Found = TypeVar("Found", Secret, GitRepository)
_Reader = Callable[[Manifest, ObjectKey, Findings], Found | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kind:
    """What to look for: kinds that answer to one name, and the groups that they belong to."""

    name: str
    kinds: tuple[str, ...]
    groups: tuple[str, ...]
    namespaced: bool = True


_SECRETS = _Kind(name=KIND, kinds=(KIND, SEALED_KIND), groups=("v1", "bitnami.com/"))
_SOURCES = _Kind(name=SOURCE_KIND, kinds=(SOURCE_KIND,), groups=("source.toolkit.fluxcd.io/",))
_NAMESPACES = _Kind(name=NAMESPACE, kinds=(NAMESPACE,), groups=("v1",), namespaced=False)

TOKENS = (*(kind.name.encode() for kind in (_SECRETS, _SOURCES, _NAMESPACES)), CONTROLLER)


@dataclass(slots=True, kw_only=True)
class Related:
    """The objects that were looked for and found; `broken` ones are there and cannot be used."""

    secrets: dict[ObjectKey, Secret] = field(default_factory=dict)
    broken_secrets: dict[ObjectKey, Problem] = field(default_factory=dict)
    git_repositories: dict[ObjectKey, GitRepository] = field(default_factory=dict)
    broken_git_repositories: dict[ObjectKey, Problem] = field(default_factory=dict)
    namespace_labels: dict[str, dict[str, str]] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)


class Seeker:
    """Looks for manifests by kind and name below one path of a tree.

    With `any_namespace`, for native configuration, an object answers to its name whatever its namespace.
    """

    def __init__(self, files: Files, under: str, namespace: str, *, any_namespace: bool = False) -> None:
        self._files = files
        self._under = under
        self._namespace = namespace
        self._any_namespace = any_namespace
        self.related = Related()

    def seek_secrets(self, wanted: Collection[ObjectKey]) -> None:
        """Find Secrets, encrypted ones too."""
        self._seek(_SECRETS, wanted, read_secret, self.related.secrets, self.related.broken_secrets)

    def seek_git_repositories(self, wanted: Collection[ObjectKey]) -> None:
        """Find the sources of automations."""
        found, broken = self.related.git_repositories, self.related.broken_git_repositories
        self._seek(_SOURCES, wanted, _read_git_repository, found, broken)

    def seek_namespaces(self, wanted: Collection[str]) -> None:
        """Find the labels of namespaces. Where manifests differ, only what all say counts: labels give access."""
        found = self.related.namespace_labels
        for manifest, key in self._manifests(_NAMESPACES, {ObjectKey("", "", name) for name in wanted}):
            metadata = Fields(manifest.root, Findings(), manifest.place, unknown=None).child("metadata")
            labels = metadata.string_map("labels") if metadata else {}
            found[key.name] = dict(found.get(key.name, labels).items() & labels.items())

    def controllers_installed(self) -> bool:
        """Whether the tree installs Flux's image automation controller."""
        return any(path.rpartition("/")[2] == COMPONENTS for path in self._files.list(self._under, CONTROLLER))

    def _seek(
        self,
        kind: _Kind,
        wanted: Collection[ObjectKey],
        read: _Reader[Found],
        found: dict[ObjectKey, Found],
        broken: dict[ObjectKey, Problem],
    ) -> None:
        places: dict[ObjectKey, list[Manifest]] = {}
        for manifest, key in self._manifests(kind, wanted):
            places.setdefault(key, []).append(manifest)
        for key, manifests in sorted(places.items()):
            findings = Findings()
            value = _only(kind, key, manifests, read, findings)
            self.related.problems += findings.problems
            if findings.first_error:
                broken[key] = findings.first_error
            elif value:
                found[key] = value

    def _manifests(self, kind: _Kind, wanted: Collection[ObjectKey]) -> Iterator[tuple[Manifest, ObjectKey]]:
        """The wanted objects of a kind, in the order of the tree."""
        missing, unparsable = set(wanted), Findings()
        for path in self._files.list(self._under, kind.name.encode()) if wanted else ():
            data = self._read_screened(path, kind, {key.name.encode() for key in wanted})
            for manifest in parse_manifests(data, path, unparsable) if data else ():
                key = self._key(manifest, kind)
                if key is not None and key in wanted:
                    missing.discard(key)
                    yield manifest, key
        names = ", ".join(str(key) for key in sorted(missing))
        for problem in unparsable.problems if missing else ():
            message = f"{problem.message}; it may hold the {kind.name} {names}"
            findings = Findings()
            findings.warning(message, problem.location, problem.remedy)
            self.related.problems += findings.problems

    def _read_screened(self, path: str, kind: _Kind, names: Collection[bytes]) -> bytes:
        """A file that holds the kind as a word of its own, and one of the names; else nothing."""
        try:
            data = self._files.read(path)
        except UnreadableFile:
            return b""  # the tree itself says which files it cannot read
        word = rb"(?<![A-Za-z])(?:" + "|".join(kind.kinds).encode() + rb")(?![A-Za-z])"
        return data if re.search(word, data) and any(name in data for name in names) else b""

    def _key(self, manifest: Manifest, kind: _Kind) -> ObjectKey | None:
        if manifest.kind not in kind.kinds or not manifest.api_version.startswith(kind.groups):
            return None
        metadata = read_metadata(Fields(manifest.root, Findings(), manifest.place, unknown=None), self._namespace)
        if metadata is None:
            return None
        nameless = self._any_namespace or not kind.namespaced
        return ObjectKey("", "", metadata.key.name) if nameless else metadata.key


def _only(
    kind: _Kind, key: ObjectKey, manifests: list[Manifest], read: _Reader[Found], findings: Findings
) -> Found | None:
    """The one object that manifests of one name describe; an error where they describe different ones."""
    first, *others = [read(manifest, key, findings) for manifest in manifests]
    if first is None:
        return None
    for manifest, other in zip(manifests[1:], others, strict=True):
        if other is not None and replace(other, location=first.location) != first:
            message = f"another {kind.name} named {key} says something else: {manifests[0].place}"
            findings.error(message, manifest.place, "point `config` at the folder of one cluster, or remove one")
    return first


def _read_git_repository(manifest: Manifest, key: ObjectKey, findings: Findings) -> GitRepository | None:
    spec = Fields(manifest.root, findings, manifest.place, unknown=None).child("spec", required=True)
    if spec is None:
        return None
    ref = spec.child("ref")
    source = GitRepository(
        key=key,
        location=manifest.place,
        url=spec.string("url", required=True),
        ref=read_git_ref(ref) if ref else None,
        secret=spec.reference("secretRef"),
        timeout=spec.duration("timeout", GO_DURATION),
    )
    return None if findings.first_error else source
