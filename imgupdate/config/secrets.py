"""Secret manifests: decoded, never shown."""

from __future__ import annotations

import base64
import binascii

from imgupdate.config.fields import Fields
from imgupdate.config.findings import Findings, field_name
from imgupdate.config.model import Secret
from imgupdate.config.sources import Manifest
from imgupdate.documents import nodes
from imgupdate.documents.nodes import Entry, Mapping, Scalar
from imgupdate.results import Location, ObjectKey

KIND = "Secret"
SEALED_KIND = "SealedSecret"
_SOPS_VALUE = "ENC["


def read_secret(manifest: Manifest, key: ObjectKey, findings: Findings) -> Secret | None:
    """A Secret; None, and errors that name keys but no values, where it is malformed."""
    fields = Fields(manifest.root, findings, manifest.place, unknown=None)
    encrypted = _encryption(manifest)
    if encrypted:
        return Secret(key=key, location=manifest.place, encrypted=encrypted)
    for flaw in nodes.flaws(manifest.root):
        findings.error(flaw.message, Location(manifest.place.path, flaw.line, flaw.column), flaw.remedy)
    kind = fields.string("type") or "Opaque"
    data: dict[str, bytes] = {}
    for entry in _entries(fields, "data"):
        if (value := _decoded(entry, fields)) is not None:
            data[entry.key] = value
    for entry in _entries(fields, "stringData"):
        if (text := _text(entry, fields, "stringData")) is not None:
            data[entry.key] = text.encode("utf-8", "surrogatepass")
    if findings.first_error:
        return None
    return Secret(key=key, location=manifest.place, type=kind, data=data)


def _encryption(manifest: Manifest) -> str:
    """What encrypts a Secret, empty for nothing."""
    if manifest.kind == SEALED_KIND:
        return SEALED_KIND
    if isinstance(manifest.root.get("sops"), Mapping):
        return "SOPS"
    for name in ("data", "stringData"):
        values = manifest.root.get(name)
        for entry in values.entries if isinstance(values, Mapping) else ():
            if isinstance(entry.value, Scalar) and entry.value.text.startswith(_SOPS_VALUE):
                return "SOPS"
    return ""


def _entries(fields: Fields, name: str) -> tuple[Entry, ...]:
    child = fields.child(name)
    return child.node.entries if child else ()


def _decoded(entry: Entry, fields: Fields) -> bytes | None:
    text = _text(entry, fields, "data")
    if text is None:
        return None
    try:
        return base64.b64decode(text.replace("\r", "").replace("\n", ""), validate=True)
    except (binascii.Error, ValueError):
        remedy = "encode it, or put it into stringData as it is"
        fields.findings.error("a value of the Secret is not base64", _place(entry, fields, "data"), remedy)
        return None


def _text(entry: Entry, fields: Fields, name: str) -> str | None:
    """The text of a value. Unlike elsewhere, what is wrong with it is said without showing it."""
    if isinstance(entry.value, Scalar) and isinstance(entry.value.value, str):
        return entry.value.value
    if isinstance(entry.value, Scalar) and entry.value.value is None:
        return ""
    fields.findings.error("a value of the Secret is not a text", _place(entry, fields, name), "quote it")
    return None


def _place(entry: Entry, fields: Fields, name: str) -> Location:
    return Location(fields.at().path, entry.line, entry.column, f"{name}.{field_name(entry.key)}")
