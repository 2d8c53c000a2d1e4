"""Native configuration, `.github/imgupdate.yaml`: Flux's fields without a cluster around them.

An entry of `images:` is an ImageRepository and an ImagePolicy in one mapping, `automation:` an ImageUpdateAutomation.
`imgupdate.schema.json` beside this module says the same to editors; tests hold the two together.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from imgupdate.config.extras import GITHUB, OWNED, Extras
from imgupdate.config.fields import Fields
from imgupdate.config.findings import Findings, field_name
from imgupdate.config.flux import Frame, read_policy, read_repository
from imgupdate.config.flux_automation import read_automation
from imgupdate.config.model import ImagePolicy, ImageRepository, ImageUpdateAutomation
from imgupdate.config.sources import note_flaws
from imgupdate.documents import nodes
from imgupdate.documents.nodes import Entry, Flaw, Mapping
from imgupdate.errors import UnparsableYaml, shown
from imgupdate.results import Location, ObjectKey, Problem, Severity

NATIVE_PATH = ".github/imgupdate.yaml"
AUTOMATION_NAME = "imgupdate"
API_VERSION = "image.toolkit.fluxcd.io/v1"

_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,251}[A-Za-z0-9])?")
_TOP = ("images", "automation")


@dataclass(slots=True, kw_only=True)
class NativeConfiguration:
    """What a native file holds, and what is wrong with it. `fatal`: nothing can be said about it as a whole."""

    fatal: bool = False
    repositories: dict[ObjectKey, ImageRepository] = field(default_factory=dict)
    policies: dict[ObjectKey, ImagePolicy] = field(default_factory=dict)
    unusable: dict[ObjectKey, Problem] = field(default_factory=dict)
    automation: ImageUpdateAutomation | None = None
    broken_automation: bool = False
    problems: list[Problem] = field(default_factory=list)


def is_native(document: nodes.Document) -> bool:
    """Whether a document is native configuration: it has our keys at its top, and no `apiVersion`."""
    root = document.root
    return isinstance(root, Mapping) and root.get("apiVersion") is None and any(map(root.entry, _TOP))


def read_native(data: bytes, path: str) -> NativeConfiguration:
    """Read native configuration. What is wrong with one entry is wrong with that entry only."""
    found = NativeConfiguration()
    findings = Findings()
    root = _read_root(data, path, findings)
    images = _read_images(root, findings) if root else None
    if root is None or images is None or findings.first_error:
        found.problems = findings.problems
        found.fatal = True
        return found
    twice = {flaw.key: flaw for flaw in images.node.flaws}
    for entry in images.node.entries:
        _read_entry(entry, path, found, twice.pop(entry.key, None))
    note_flaws(twice.values(), path, findings)
    automation = root.node.entry("automation")
    if automation is not None:
        _read_automation(automation, path, found)
    found.problems += findings.problems
    return found


def _read_root(data: bytes, path: str, findings: Findings) -> Fields | None:
    try:
        documents = nodes.load(data, path)
    except UnparsableYaml as error:
        findings.error(error.message, Location(path, error.line), error.remedy)
        return None
    if len(documents) != 1:
        line = documents[1].line if documents else 0
        message = "the configuration is empty" if not documents else "the configuration has several documents"
        findings.error(message, Location(path, line), "write one mapping with `images:`")
        return None
    root = documents[0].root
    if not isinstance(root, Mapping):
        findings.error("the configuration is no mapping", Location(path, root.line), "write a mapping with `images:`")
        return None
    note_flaws(root.flaws, path, findings)
    fields = Fields(root, findings, Location(path), unknown=Severity.ERROR)
    fields.expect(*_TOP)
    fields.finish()
    return fields


def _read_images(root: Fields, findings: Findings) -> Fields | None:
    images = root.child("images", required=True)
    if images is not None and not images.node.entries and not images.node.flaws:
        findings.error("images is empty", root.at("images"), "add an image")
    return images


def _read_entry(entry: Entry, path: str, found: NativeConfiguration, twice: Flaw | None) -> None:
    key = ObjectKey("", "", entry.key)
    findings = Findings(key)
    note_flaws([twice] if twice else [], path, findings)
    place = Location(path, entry.line, entry.column, f"images.{field_name(entry.key)}")
    if not entry.textual or not _NAME.fullmatch(entry.key):
        remedy = "quote it" if not entry.textual else "use letters, digits, '-', '_' and '.'"
        findings.error(f"an image cannot be named {shown(entry.key)}", place, remedy)
    spec = _fields(entry, place, findings)
    if spec is not None:
        frame = Frame(key=key, place=place, extras=_read_extras(spec, policy=True), native=True)
        suspend = spec.boolean("suspend")
        repository = read_repository(spec, frame, suspend=suspend)
        policy = read_policy(spec, frame, labels=spec.string_map("labels"), repository=key, suspend=suspend)
        _note_superfluous(spec)
        spec.finish()
        if repository and policy and not findings.first_error:
            found.repositories[key] = repository
            found.policies[key] = policy
    if findings.first_error:
        found.unusable[key] = findings.first_error
    found.problems += findings.problems


def _read_automation(entry: Entry, path: str, found: NativeConfiguration) -> None:
    findings = Findings()
    place = Location(path, entry.line, entry.column, "automation")
    spec = _fields(entry, place, findings)
    if spec is not None:
        key = ObjectKey("", "", AUTOMATION_NAME)
        frame = Frame(key=key, place=place, extras=_read_extras(spec, policy=False), native=True)
        automation = read_automation(spec, frame, api_version=API_VERSION)
        spec.finish()
        found.automation = None if findings.first_error else automation
    found.broken_automation = findings.first_error is not None
    found.problems += findings.problems


def _fields(entry: Entry, place: Location, findings: Findings) -> Fields | None:
    if not isinstance(entry.value, Mapping):
        findings.error(f"{field_name(entry.key)} is no mapping", place, "write its fields below it")
        return None
    note_flaws(nodes.flaws(entry.value), place.path, findings)
    return Fields(entry.value, findings, place, unknown=Severity.ERROR)


def _read_extras(spec: Fields, *, policy: bool) -> Extras:
    owner = spec.string("owner")
    if spec.has("owner") and owner != OWNED:
        spec.findings.error(f"owner cannot be {shown(owner)}", spec.at("owner"), f"write {OWNED}, or remove it")
    sign = "" if policy else spec.string("sign")
    if sign not in {"", GITHUB}:
        spec.findings.error(f"sign cannot be {shown(sign)}", spec.at("sign"), f"write {GITHUB}, or remove it")
    return Extras(
        owned=owner == OWNED,
        sign_github=sign == GITHUB,
        allow_downgrade=policy and spec.boolean("allowDowngrade"),
    )


def _note_superfluous(spec: Fields) -> None:
    """Fields that a copied Flux manifest may bring, and that have nothing to say here."""
    if reference := spec.child("imageRepositoryRef"):
        reference.string("name", required=True)
        reference.string("namespace")
    for name in ("imageRepositoryRef", "accessFrom"):
        if spec.has(name):
            message = f"{name} has no effect in native configuration: the image is in the entry itself"
            spec.findings.warning(message, spec.at(name), "remove it")
