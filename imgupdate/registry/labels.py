"""What an image says of itself in annotations of its index and manifest, and in labels (spec/registry.md 5)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence

from imgupdate.errors import ScanError
from imgupdate.images import is_digest
from imgupdate.registry.digests import ACCEPT
from imgupdate.registry.limits import Limits
from imgupdate.registry.refusals import refusal
from imgupdate.registry.session import Session
from imgupdate.report.links import REVISION, SOURCE

Json = Mapping[str, "Json"] | Sequence["Json"] | str | int | float | bool | None
Labels = Mapping[str, str]

_ENOUGH = frozenset({SOURCE, REVISION})
_CONFIGS = frozenset({"application/vnd.oci.image.config.v1+json", "application/vnd.docker.container.image.v1+json"})
_MOST = 500
_LONGEST_NAME, _LONGEST_VALUE = 256, 4096
_INDEXES = 2
"""How many indexes may stand one inside the other before there is a manifest."""


def find_labels(
    session: Session, identifier: str, limits: Limits, known: Callable[[str], Labels | None]
) -> tuple[Labels, str]:
    """The annotations and labels of a tag or a digest, and the digest that it has; `known` is what some digests have.

    Where several places have one name, the index comes before its entry for the platform, that before the manifest, and
    that before the configuration. Once source and revision are known no more is read: that is one to three requests.

    Raises:
        ScanError: the registry refuses or fails, or what it sends is not what its digest says.

    """
    found: dict[str, str] = {}
    document, digest = _manifest(session, identifier, limits)
    if (already := known(digest)) is not None:
        return already, digest
    for _ in range(_INDEXES):
        _add(found, document.get("annotations"))
        entry = _entry(document)
        if entry is None or _is_enough(found):
            break
        _add(found, entry.get("annotations"))
        if _is_enough(found):
            break
        document, _ = _manifest(session, str(entry["digest"]), limits)
        _add(found, document.get("annotations"))
    if not _is_enough(found):
        _add(found, _config_labels(session, document.get("config"), limits))
    return found, digest


def _is_enough(found: Labels) -> bool:
    return found.keys() >= _ENOUGH


def _add(found: dict[str, str], more: Json) -> None:
    """Take over what is not known yet, if it is text of a size that labels have."""
    if not isinstance(more, dict):
        return
    for name, value in more.items():
        if len(found) >= _MOST:
            return
        if isinstance(value, str) and len(name) <= _LONGEST_NAME and len(value) <= _LONGEST_VALUE:
            found.setdefault(name, value)


def _entry(document: Mapping[str, Json]) -> Mapping[str, Json] | None:
    """The manifest of an index to look into: that for linux/amd64, else the first for any platform."""
    entries = list(_entries(document.get("manifests")))
    return next((entry for entry in entries if _platform(entry) == ("linux", "amd64")), next(iter(entries), None))


def _entries(manifests: Json) -> Iterator[Mapping[str, Json]]:
    """Those that are images; an attestation is for the platform unknown/unknown."""
    for entry in manifests if isinstance(manifests, list) else ():
        if isinstance(entry, dict) and is_digest(str(entry.get("digest"))) and _platform(entry)[0] != "unknown":
            yield entry


def _platform(entry: Mapping[str, Json]) -> tuple[Json, Json]:
    """System and architecture; an entry without a platform is one for linux/amd64, as go-containerregistry has it."""
    platform = entry.get("platform")
    return (platform.get("os"), platform.get("architecture")) if isinstance(platform, dict) else ("linux", "amd64")


def _manifest(session: Session, identifier: str, limits: Limits) -> tuple[Mapping[str, Json], str]:
    path = f"/v2/{session.visit.repository.path}/manifests/{identifier}"
    body = _read(session, path, ACCEPT, limits.manifest_bytes)
    digest = _digest(body)
    if is_digest(identifier) and digest != identifier:
        raise _not_as_named(session)
    return _parsed(body, session), digest


def _config_labels(session: Session, descriptor: Json, limits: Limits) -> Json:
    """The labels of the configuration that a manifest names; nothing where it is none of an image."""
    if not isinstance(descriptor, dict) or descriptor.get("mediaType") not in _CONFIGS:
        return None
    digest = str(descriptor.get("digest"))
    if not is_digest(digest):
        return None
    body = _inline(descriptor.get("data"), digest)
    if body is None:
        path = f"/v2/{session.visit.repository.path}/blobs/{digest}"
        body = _read(session, path, "*/*", limits.manifest_bytes)
        if _digest(body) != digest:
            raise _not_as_named(session)
    config = _parsed(body, session).get("config")
    return config.get("Labels") if isinstance(config, dict) else None


def _inline(data: Json, digest: str) -> bytes | None:
    """A blob that its descriptor brings along."""
    if not isinstance(data, str):
        return None
    try:
        body = base64.b64decode(data, validate=True)
    except (binascii.Error, ValueError):
        return None
    return body if _digest(body) == digest else None


def _read(session: Session, path: str, accept: str, limit: int) -> bytes:
    answer = session.get(path, limit=limit, headers={"Accept": accept, "Accept-Encoding": "identity"})
    if answer.status != 200:
        raise refusal(session, answer)
    return answer.body


def _parsed(body: bytes, session: Session) -> Mapping[str, Json]:
    try:
        parsed: Json = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise ScanError(
            f"{session.visit.endpoint} answered with something other than JSON",
            remedy="check that the image name leads to a container registry",
        ) from error
    return parsed if isinstance(parsed, dict) else {}


def _digest(body: bytes) -> str:
    return f"sha256:{hashlib.sha256(body).hexdigest()}"


def _not_as_named(session: Session) -> ScanError:
    return ScanError(
        f"{session.visit.endpoint} sent other bytes than those whose digest was asked for",
        remedy="look for a proxy between here and the registry that changes answers",
    )
