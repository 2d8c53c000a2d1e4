"""Manifests and configurations of images: fetched by tag or digest, held against their digest, and taken apart."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Protocol

from imgupdate.errors import ScanError
from imgupdate.images import is_digest
from imgupdate.registry.digests import ACCEPT
from imgupdate.registry.limits import Limits
from imgupdate.registry.reading import read
from imgupdate.registry.refusals import refusal
from imgupdate.registry.session import Session, Visit

Json = Mapping[str, "Json"] | Sequence["Json"] | str | int | float | bool | None
Document = Mapping[str, Json]

_CONFIGS = frozenset({"application/vnd.oci.image.config.v1+json", "application/vnd.docker.container.image.v1+json"})


class Contents(Protocol):
    """What was fetched by digest before."""

    def read(self, visit: Visit, digest: str) -> bytes | None:
        """The bytes that have a digest, None where they are not kept."""
        ...

    def write(self, visit: Visit, digest: str, content: bytes) -> None:
        """Keep bytes that have a digest."""
        ...


class Manifests:
    """The manifests and configurations of one repository. What `contents` has is not asked for again."""

    def __init__(self, session: Session, limits: Limits, contents: Contents | None = None) -> None:
        self._session = session
        self._limits = limits
        self._contents = contents
        self._visit = session.visit

    def manifest(self, identifier: str) -> tuple[Document, str]:
        """The index or manifest of a tag or a digest, and its digest.

        Raises:
            ScanError: the registry refuses or fails, or what it sends is not what its digest says, or no JSON.

        """
        body = self._body(f"manifests/{identifier}", ACCEPT, identifier if is_digest(identifier) else "")
        return self._parsed(body), _digest(body)

    def config(self, manifest: Document) -> Document:
        """The configuration that a manifest names; empty where it names none of an image.

        Raises:
            ScanError: as `manifest`.

        """
        descriptor = manifest.get("config")
        if not isinstance(descriptor, dict) or descriptor.get("mediaType") not in _CONFIGS:
            return {}
        digest = str(descriptor.get("digest"))
        if not is_digest(digest):
            return {}
        body = _inline(descriptor.get("data"), digest)
        return self._parsed(self._body(f"blobs/{digest}", "*/*", digest) if body is None else body)

    def _body(self, below: str, accept: str, digest: str) -> bytes:
        """What has a digest, which is empty where it is not known before."""
        kept = self._contents.read(self._visit, digest) if self._contents is not None and digest else None
        if kept is not None:
            return kept
        headers = {"Accept": accept, "Accept-Encoding": "identity"}
        answer = read(self._session, below, limit=self._limits.manifest_bytes, headers=headers)
        if answer.status != 200:
            raise refusal(self._session, answer)
        computed = _digest(answer.body)
        if digest and computed != digest:
            raise ScanError(
                f"{self._visit.endpoint} sent other bytes than those whose digest was asked for",
                remedy="look for a proxy between here and the registry that changes answers",
            )
        if self._contents is not None:
            self._contents.write(self._visit, computed, answer.body)
        return answer.body

    def _parsed(self, body: bytes) -> Document:
        try:
            parsed: Json = json.loads(body)
        except (ValueError, RecursionError) as error:
            raise ScanError(
                f"{self._visit.endpoint} answered with something other than JSON",
                remedy="check that the image name leads to a container registry",
            ) from error
        return parsed if isinstance(parsed, dict) else {}


def entries_of(index: Document) -> Sequence[Document]:
    """The images that an index lists; an attestation, which is for the platform unknown/unknown, is none."""
    manifests = index.get("manifests")
    return [
        entry
        for entry in (manifests if isinstance(manifests, list) else ())
        if isinstance(entry, dict) and is_digest(str(entry.get("digest"))) and platform_of(entry)[0] != "unknown"
    ]


def usual_entry(index: Document) -> Document | None:
    """The manifest of an index to look into: that for linux/amd64, else the first for any platform."""
    entries = entries_of(index)
    return next((entry for entry in entries if platform_of(entry)[:2] == ("linux", "amd64")), next(iter(entries), None))


def platform_of(entry: Document) -> tuple[str, str, str]:
    """System, architecture and variant; an entry without a platform is one for linux/amd64, as for ggcr."""
    platform = entry.get("platform")
    return named_platform(platform) if isinstance(platform, dict) else ("linux", "amd64", "")


def named_platform(fields: Document) -> tuple[str, str, str]:
    """What a platform, or a configuration, says of system, architecture and variant; empty where it is silent."""
    system, architecture, variant = (
        value if isinstance(value := fields.get(name), str) else "" for name in ("os", "architecture", "variant")
    )
    return system, architecture, variant


def _inline(data: Json, digest: str) -> bytes | None:
    """A blob that its descriptor brings along."""
    if not isinstance(data, str):
        return None
    try:
        body = base64.b64decode(data, validate=True)
    except (binascii.Error, ValueError):
        return None
    return body if _digest(body) == digest else None


def _digest(body: bytes) -> str:
    return f"sha256:{hashlib.sha256(body).hexdigest()}"
