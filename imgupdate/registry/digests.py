"""The digest that a tag has now (spec/registry.md 4)."""

from __future__ import annotations

import hashlib
import json

from imgupdate.errors import ScanError
from imgupdate.images import Digest, Tag, is_digest
from imgupdate.registry.limits import Limits
from imgupdate.registry.reading import read
from imgupdate.registry.refusals import refusal
from imgupdate.registry.sender import Answer
from imgupdate.registry.session import Session

ACCEPT = (
    "application/vnd.oci.image.index.v1+json, "
    "application/vnd.docker.distribution.manifest.list.v2+json, "
    "application/vnd.oci.image.manifest.v1+json, "
    "application/vnd.docker.distribution.manifest.v2+json"
)
"""Indexes first: without them a registry would give the digest of some platform's image."""

_HEADERS = {"Accept": ACCEPT, "Accept-Encoding": "identity"}
_ASK_FOR_ALL = frozenset({200, 404, 405, 501})
_PARTS = ("manifests", "config", "layers")


def find_digest(session: Session, tag: Tag, limits: Limits) -> Digest:
    """The digest of the index or manifest that a tag stands for.

    Asks for the headers; where these do not have it, for the manifest, whose bytes are hashed.

    Raises:
        ScanError: the registry refuses or fails, or what it sends is no manifest.

    """
    answer = read(session, f"manifests/{tag}", method="HEAD", limit=limits.manifest_bytes, headers=_HEADERS)
    stated = answer.headers.get("docker-content-digest", "")
    if answer.status == 200 and is_digest(stated):
        return Digest(stated)
    if answer.status in _ASK_FOR_ALL:
        answer = read(session, f"manifests/{tag}", limit=limits.manifest_bytes, headers=_HEADERS)
    if answer.status != 200:
        raise refusal(session, answer)
    _check_manifest(answer)
    return Digest(f"sha256:{hashlib.sha256(answer.body).hexdigest()}")


def _check_manifest(answer: Answer) -> None:
    """A page that says "please log in" has a hash as well."""
    host = answer.url.netloc.decode("ascii")
    try:
        parsed = json.loads(answer.body)
    except (ValueError, RecursionError) as error:
        raise ScanError(
            f"{host} answered with something other than a manifest: it is not JSON, or not all of it",
            remedy="check that the image name leads to a container registry",
        ) from error
    if isinstance(parsed, dict) and any(part in parsed for part in _PARTS):
        return
    old = isinstance(parsed, dict) and "fsLayers" in parsed
    raise ScanError(
        f"{host} has the image only in a format of 2015"
        if old
        else f"{host} answered with JSON that is not a manifest",
        remedy="push the image again with a current tool" if old else "tell the registry's operator",
    )
