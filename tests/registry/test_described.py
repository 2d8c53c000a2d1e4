"""Digests and times that a list of tags brings along: believed of Google's registries, while they are fresh."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from imgupdate.images import Digest, Tag
from imgupdate.registry.cache import CacheDirectory
from imgupdate.registry.described import described_images
from imgupdate.results import Facet, ImageMetadata, ListedImage
from tests.registry.support import FakeClock, FakeRegistry, access, entry, errors, repository

ONE, TWO = (Digest("sha256:" + digit * 64) for digit in "12")
CREATED = {"timeCreatedMs": "1714564800123", "timeUploadedMs": "1714564900000", "imageSizeBytes": "1"}
GOOGLE = "europe-docker.pkg.dev/project/repository/app"


def body(manifests: object) -> bytes:
    return json.dumps({"name": "app", "tags": ["1.0", "1.1"], "manifest": manifests}).encode()


def registry(manifests: object, *, headers: dict[str, str] | None = None) -> FakeRegistry:
    def handle(request: httpx.Request) -> httpx.Response:
        if "tags" in request.url.path:
            return httpx.Response(200, headers=headers, content=body(manifests))
        if request.method == "HEAD":
            return httpx.Response(200, headers={"Docker-Content-Digest": TWO})
        return errors(404, "MANIFEST_UNKNOWN")

    return FakeRegistry(handle)


def test_a_map_of_manifests_tells_digest_and_time_of_each_tag() -> None:
    manifests = {ONE: {**CREATED, "tag": ["1.0", "latest"]}, TWO: {"timeCreatedMs": "0", "tag": ["1.1"]}}

    assert described_images(body(manifests)) == {
        "1.0": ListedImage(digest=ONE, created=1714564800.123),
        "latest": ListedImage(digest=ONE, created=1714564800.123),
        "1.1": ListedImage(digest=TWO),
    }


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"[" * 100_000,
        body(None),
        body([]),
        body({"sha256:1": {"tag": ["1.0"]}}),
        body({ONE: []}),
        body({ONE: {}}),
        body({ONE: {"tag": "1.0"}}),
        body({ONE: {"tag": [None, 1]}}),
        body({ONE: {"tag": ["1.0"]}, TWO: {"tag": ["1.0"]}}),
    ],
)
def test_of_what_is_not_as_it_should_be_nothing_is_believed(content: bytes) -> None:
    assert described_images(content) == {}


@pytest.mark.parametrize("time", ["", "-1", "1e3", "9" * 16, 1714564800123, None, "315532800000"])
def test_a_time_that_says_nothing_is_none(time: object) -> None:
    assert described_images(body({ONE: {"timeCreatedMs": time, "tag": ["1.0"]}})) == {"1.0": ListedImage(digest=ONE)}


def test_digests_and_times_that_are_listed_take_no_further_request() -> None:
    google = registry({ONE: {**CREATED, "tag": ["1.0"]}})
    image = repository(GOOGLE)
    with google.client() as client:
        client.tags(image, access())

        assert client.digest(image, Tag("1.0"), access(timeout=5)) == ONE
        assert client.metadata(image, Tag("1.0"), access(), wanted=[Facet.CREATED]) == ImageMetadata(
            digest=ONE, created=1714564800.123
        )
        assert client.metadata(image, Tag("1.0"), access(), wanted=[]).digest == ONE
    assert len(google.requests) == 1


def test_what_is_not_listed_is_asked_for() -> None:
    google = registry({ONE: {"tag": ["1.0"]}})
    image = repository(GOOGLE)
    with google.client() as client:
        assert client.digest(image, Tag("1.0"), access()) == TWO
        client.tags(image, access())
        assert client.digest(image, Tag("1.1"), access()) == TWO
        assert client.digest(image, Tag("1.0"), access(auths={"europe-docker.pkg.dev": entry()})) == TWO
        assert client.digest(repository("europe-docker.pkg.dev/project/repository/b"), Tag("1.0"), access()) == TWO
    assert [request.method for request in google.requests] == ["HEAD", "GET", "HEAD", "HEAD", "HEAD"]


def test_further_facets_are_asked_for_by_the_digest_that_is_listed() -> None:
    google = registry({ONE: {"tag": ["1.0"]}})
    image = repository(GOOGLE)
    with google.client() as client:
        client.tags(image, access())
        with pytest.raises(Exception, match="404"):
            client.metadata(image, Tag("1.0"), access(), wanted=[Facet.CREATED])
    assert google.requests[-1].url.path.endswith(f"/manifests/{ONE}")


def test_another_registry_is_not_believed_it() -> None:
    other = registry({ONE: {**CREATED, "tag": ["1.0"]}})
    with other.client() as client:
        client.tags(repository(), access())

        assert client.digest(repository(), Tag("1.0"), access()) == TWO


def test_a_list_of_a_former_run_tells_no_digests(tmp_path: Path) -> None:
    image, given = repository(GOOGLE), replace(access(), interval=600)
    for digest, requests in ((ONE, 1), (TWO, 1)):
        google = registry({ONE: {**CREATED, "tag": ["1.0"]}})
        with google.client() as client:
            client.remember(CacheDirectory(tmp_path, clock=FakeClock()), respect_interval=True)
            client.tags(image, given)
            assert client.digest(image, Tag("1.0"), given) == digest
        assert len(google.requests) == requests
