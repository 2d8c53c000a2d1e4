"""Finds the manifests of Flux's image kinds in a tree, and parses no file that holds none."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from imgupdate.config.fields import ApiVersion, Fields
from imgupdate.config.findings import Findings, suggestion
from imgupdate.config.labels import is_object_name
from imgupdate.documents import nodes
from imgupdate.documents.nodes import Flaw, Mapping, Node, Scalar, Sequence
from imgupdate.errors import UnparsableYaml, shown
from imgupdate.results import Location, ObjectKey

GROUP = "image.toolkit.fluxcd.io/"
REPOSITORY = "ImageRepository"
POLICY = "ImagePolicy"
AUTOMATION = "ImageUpdateAutomation"
KINDS = (REPOSITORY, POLICY, AUTOMATION)

_METADATA = (
    *("annotations", "creationTimestamp", "deletionGracePeriodSeconds", "deletionTimestamp", "finalizers"),
    *("generateName", "generation", "labels", "managedFields", "name", "namespace", "ownerReferences"),
    *("resourceVersion", "selfLink", "uid"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """An object as it was written: `place` is its first line, and `items[n]` where a list holds it."""

    api_version: str
    kind: str
    root: Mapping
    place: Location


@dataclass(frozen=True, slots=True, kw_only=True)
class Metadata:
    """The name tag of an object."""

    key: ObjectKey
    labels: dict[str, str] = field(default_factory=dict)
    annotations: Fields | None = None


def holds_image_kinds(data: bytes) -> bool:
    """Whether a file may hold our kinds: the group stands in it, and not in comment lines only."""
    token = GROUP.encode()
    start = data.find(token)
    while start >= 0:
        line_start = max(data.rfind(b"\n", 0, start), data.rfind(b"\r", 0, start)) + 1
        if not data[line_start:start].lstrip().startswith(b"#"):
            return True
        start = data.find(token, start + len(token))
    return False


def parse_manifests(data: bytes, path: str, findings: Findings) -> list[Manifest]:
    """The objects of one file, those in lists among them; an error where it is not YAML."""
    try:
        documents = nodes.load(data, path)
    except UnparsableYaml as error:
        remedy = "correct it; if it is a template, point `config` at the folder of your manifests"
        findings.error(error.message, Location(path, error.line), remedy)
        return []
    return [manifest for document in documents for manifest in _objects(document.root, Location(path), findings)]


def _objects(root: Node, place: Location, findings: Findings, depth: int = 0) -> Iterator[Manifest]:
    """The objects of a document: itself, or the items of a list."""
    if not isinstance(root, Mapping):
        return
    api_version, kind = _text(root, "apiVersion"), _text(root, "kind")
    items = root.get("items")
    if kind.endswith("List") and isinstance(items, Sequence) and depth < 3:
        note_flaws(root.flaws, place.path, findings)
        prefix = f"{place.field}." if place.field else ""
        for index, item in enumerate(items.items):
            where = Location(place.path, 0, 0, f"{prefix}items[{index}]")
            yield from _objects(item, where, findings, depth + 1)
        return
    start = Location(place.path, root.line, root.column, place.field)
    yield Manifest(api_version=api_version, kind=kind, root=root, place=start)


def read_version(manifest: Manifest, findings: Findings) -> ApiVersion | None:
    """The version of one of our kinds; None, and an error, where Flux never had it."""
    name = manifest.api_version.removeprefix(GROUP)
    for version in ApiVersion:
        if name == version.name.lower():
            return version
    place = Location(manifest.place.path, manifest.root.key_line("apiVersion"), 0, "apiVersion")
    findings.error(f"Flux has no version {shown(name)} of {manifest.kind}", place, "write image.toolkit.fluxcd.io/v1")
    return None


def read_metadata(root: Fields, namespace: str) -> Metadata | None:
    """Name, namespace, labels and annotations; None, and errors, where the object cannot be named."""
    fields = root.child("metadata", required=True)
    if fields is None:
        return None
    fields.expect(*_METADATA)
    name = fields.string("name", required=True)
    own = fields.string("namespace") or namespace
    labels = fields.string_map("labels")
    annotations = fields.child("annotations")
    if not name:
        return None
    for label, text in (("name", name), ("namespace", own)):
        if not is_object_name(text):
            message = f"{label} is not one that Kubernetes takes: {shown(text)}"
            variable = "variables of a Flux Kustomization are not filled in: write the name out"
            remedy = variable if "${" in text else "use lower-case letters, digits, '-' and '.'"
            fields.findings.error(message, fields.at(label), remedy)
            return None
    return Metadata(key=ObjectKey("", own, name), labels=labels, annotations=annotations)


def note_flaws(flaws: Iterable[Flaw], path: str, findings: Findings) -> None:
    """Add what no reader of Kubernetes would take."""
    for flaw in flaws:
        findings.error(flaw.message, Location(path, flaw.line, flaw.column), flaw.remedy)


def note_unknown_kind(manifest: Manifest, findings: Findings) -> None:
    """Warn of an object of our group whose kind is none of ours."""
    place = Location(manifest.place.path, manifest.root.key_line("kind"), 0, "kind")
    message = f"Flux has no image kind {shown(manifest.kind)}" if manifest.kind else "an object of Flux names no kind"
    findings.warning(message, place, suggestion(manifest.kind, KINDS) or f"write {', '.join(KINDS)}")


def _text(root: Mapping, key: str) -> str:
    node = root.get(key)
    return node.value if isinstance(node, Scalar) and isinstance(node.value, str) else ""
