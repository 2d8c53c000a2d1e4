"""From the manifests of a tree to objects by kind and name, each with what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from imgupdate.config.extras import read_annotations
from imgupdate.config.fields import ApiVersion, Fields
from imgupdate.config.findings import Findings
from imgupdate.config.flux import Frame, read_policy, read_repository, read_repository_reference
from imgupdate.config.flux_automation import read_automation
from imgupdate.config.model import ImagePolicy, ImageRepository, ImageUpdateAutomation
from imgupdate.config.sources import (
    AUTOMATION,
    KINDS,
    POLICY,
    REPOSITORY,
    Manifest,
    Metadata,
    note_flaws,
    note_unknown_kind,
    read_metadata,
    read_version,
)
from imgupdate.documents import nodes
from imgupdate.results import Location, ObjectKey, Problem

Value = TypeVar("Value", ImageRepository, ImagePolicy, ImageUpdateAutomation)


@dataclass(slots=True, kw_only=True)
class Kind(Generic[Value]):
    """The objects of one kind by name: usable ones, and the first problem of the others."""

    name: str
    usable: dict[ObjectKey, Value] = field(default_factory=dict)
    broken: dict[ObjectKey, Problem] = field(default_factory=dict)
    nameless: bool = False
    _places: dict[ObjectKey, Location] = field(default_factory=dict)

    def add(self, key: ObjectKey, place: Location, value: Value | None, findings: Findings) -> None:
        """Take an object in; of two with one name neither is usable, and one without a name is no object."""
        if not key.name:
            self.nameless = True
            return
        if key in self._places:
            message = f"there are two objects {self.name} named {key}: the other is {self._places[key]}"
            findings.error(message, place, "remove one, or point `config` at the folder of one cluster")
        self._places.setdefault(key, place)
        if problem := findings.first_error:
            self.broken.setdefault(key, problem)
            self.usable.pop(key, None)
        elif value is not None:
            self.usable[key] = value


@dataclass(slots=True, kw_only=True)
class Objects:
    """Everything that manifests of Flux's image kinds say. `references` are the places of `imageRepositoryRef`."""

    repositories: Kind[ImageRepository] = field(default_factory=lambda: Kind(name=REPOSITORY))
    policies: Kind[ImagePolicy] = field(default_factory=lambda: Kind(name=POLICY))
    automations: Kind[ImageUpdateAutomation] = field(default_factory=lambda: Kind(name=AUTOMATION))
    references: dict[ObjectKey, Location] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)


def read_objects(manifests: Iterable[Manifest], namespace: str) -> Objects:
    """Read manifests of our group."""
    found = Objects()
    for manifest in manifests:
        findings = Findings()
        if manifest.kind in KINDS:
            _read(manifest, namespace, findings, found)
        else:
            note_unknown_kind(manifest, findings)
        found.problems += findings.problems
    return found


def _read(manifest: Manifest, namespace: str, findings: Findings, found: Objects) -> None:
    note_flaws(nodes.flaws(manifest.root), manifest.place.path, findings)
    version = read_version(manifest, findings)
    root = Fields(manifest.root, findings, manifest.place, version=version or ApiVersion.V1)
    root.expect("apiVersion", "kind", "spec", "status")
    metadata = read_metadata(root, namespace)
    if metadata and manifest.kind == POLICY:
        findings.speak_of(metadata.key)
    spec = root.child("spec", required=True) if version else None
    _add(manifest, metadata or Metadata(key=ObjectKey("", namespace, "")), spec, found, findings)
    root.finish()


def _add(manifest: Manifest, metadata: Metadata, spec: Fields | None, found: Objects, findings: Findings) -> None:
    """Read the specification, None where there is none that could be read, and keep the object if it has a name."""
    key, place = metadata.key, manifest.place
    extras = read_annotations(
        metadata.annotations, policy=manifest.kind == POLICY, automation=manifest.kind == AUTOMATION
    )
    frame = Frame(key=key, place=place, extras=extras)
    if manifest.kind == REPOSITORY:
        repository = read_repository(spec, frame, suspend=spec.boolean("suspend")) if spec else None
        found.repositories.add(key, place, repository, findings)
    elif manifest.kind == AUTOMATION:
        automation = read_automation(spec, frame, api_version=manifest.api_version) if spec else None
        found.automations.add(key, place, automation, findings)
    else:
        policy = _read_policy(spec, frame, metadata, found) if spec else None
        found.policies.add(key, place, policy, findings)


def _read_policy(spec: Fields, frame: Frame, metadata: Metadata, found: Objects) -> ImagePolicy | None:
    repository = read_repository_reference(spec, metadata.key.namespace)
    found.references[metadata.key] = spec.at("imageRepositoryRef")
    suspend = spec.boolean("suspend", since=ApiVersion.V1BETA2)
    nobody = ObjectKey("", "", "")
    return read_policy(spec, frame, labels=metadata.labels, repository=repository or nobody, suspend=suspend)
