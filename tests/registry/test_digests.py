"""The digest of a tag: by its headers, else by its bytes."""

from __future__ import annotations

import hashlib
import json

import httpx
import pytest

from imgupdate.errors import ScanError
from imgupdate.images import Tag
from tests.registry.support import FakeRegistry, access, errors, one_by_one, repository

GOOD = "sha256:" + "ab" * 32
INDEX = json.dumps({"schemaVersion": 2, "manifests": []}, indent=3).encode()
INDEX_DIGEST = f"sha256:{hashlib.sha256(INDEX).hexdigest()}"


def head(digest: str | None = GOOD, status: int = 200) -> httpx.Response:
    return httpx.Response(status, headers={} if digest is None else {"Docker-Content-Digest": digest})


def manifest(content: bytes = INDEX, digest: str | None = None) -> httpx.Response:
    return httpx.Response(200, headers={} if digest is None else {"Docker-Content-Digest": digest}, content=content)


def test_the_headers_are_enough() -> None:
    registry = FakeRegistry(one_by_one(head()))

    assert registry.client().digest(repository(), Tag("1.0"), access()) == GOOD

    (request,) = registry.requests
    assert (request.method, request.url.path) == ("HEAD", "/v2/team/app/manifests/1.0")
    assert request.headers["accept"] == (
        "application/vnd.oci.image.index.v1+json, application/vnd.docker.distribution.manifest.list.v2+json, "
        "application/vnd.oci.image.manifest.v1+json, application/vnd.docker.distribution.manifest.v2+json"
    )


@pytest.mark.parametrize(
    "first",
    [
        head(None),
        head(""),
        head("sha256:short"),
        head("SHA256:" + "AB" * 32),
        head("sha512:" + "ab" * 64),
        head(GOOD + "\t; x"),
        head(GOOD, 405),
        head(GOOD, 501),
        head(GOOD, 404),
    ],
)
def test_where_the_headers_are_not_enough_the_bytes_are_hashed(first: httpx.Response) -> None:
    registry = FakeRegistry(one_by_one(first, manifest()))

    assert registry.client().digest(repository(), Tag("1.0"), access()) == INDEX_DIGEST

    assert [request.method for request in registry.requests] == ["HEAD", "GET"]
    assert registry.requests[0].headers["accept"] == registry.requests[1].headers["accept"]
    assert registry.requests[1].headers["accept-encoding"] == "identity"


def test_the_bytes_are_believed_before_the_header_that_came_with_them() -> None:
    registry = FakeRegistry(one_by_one(head(None), manifest(digest=GOOD)))

    assert registry.client().digest(repository(), Tag("1.0"), access()) == INDEX_DIGEST


@pytest.mark.parametrize(
    "content",
    [b'{"config":{},"layers":[]}', b'{"manifests":[]}', b'{"schemaVersion":2,"layers":[]}'],
)
def test_an_index_and_a_manifest_are_known_by_their_parts(content: bytes) -> None:
    registry = FakeRegistry(one_by_one(head(None), manifest(content)))

    digest = registry.client().digest(repository(), Tag("1.0"), access())

    assert digest == f"sha256:{hashlib.sha256(content).hexdigest()}"


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        pytest.param([head(None, 404), errors(404, "MANIFEST_UNKNOWN")], "404 MANIFEST_UNKNOWN", id="gone"),
        pytest.param([head(None, 403)], "refuses access .* 403", id="forbidden"),
        pytest.param([head(None), manifest(b"<html>")], "other than a manifest", id="HTML"),
        pytest.param([head(None), manifest(b'{"layers":')], "not all of it", id="truncated"),
        pytest.param([head(None), manifest(b"[" * 100_000)], "other than a manifest", id="too deep"),
        pytest.param([head(None), manifest(b'{"message":"hi"}')], "not a manifest", id="other JSON"),
        pytest.param([head(None), manifest(b'["layers"]')], "not a manifest", id="a list"),
        pytest.param([head(None), manifest(b'{"schemaVersion":1,"fsLayers":[]}')], "format of 2015", id="schema 1"),
        pytest.param([head(None), manifest(b" " * (5 << 20))], "4096 KiB", id="too large"),
    ],
)
def test_no_digest_is_an_error_and_never_a_guess(answers: list[httpx.Response], words: str) -> None:
    registry = FakeRegistry(one_by_one(*answers))

    with pytest.raises(ScanError, match=words) as caught:
        registry.client().digest(repository(), Tag("1.0"), access())

    assert caught.value.where == "registry.example.com/team/app:1.0"
    assert caught.value.remedy
