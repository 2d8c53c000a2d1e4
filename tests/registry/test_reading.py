"""What is read under a repository, from mirrors and within what is left of a limit."""

from __future__ import annotations

import httpx
import pytest

from imgupdate.errors import ScanError
from imgupdate.images import Tag
from tests.registry.support import FakeRegistry, access, errors, one_by_one, repository, tags_page, token

DIGEST = "sha256:" + "a" * 64
MIRROR = "docker-remote.example.com"
MANIFEST = b'{"schemaVersion":2,"manifests":[]}'


def unknown(**headers: str) -> httpx.Response:
    return errors(404, "NAME_UNKNOWN", "no such repository", **headers)


class TestMirrorsOfDockerHub:
    def test_an_image_that_a_mirror_does_not_know_is_looked_for_once_under_library(self) -> None:
        registry = FakeRegistry(one_by_one(unknown(**{"X-JFrog-Version": "7"}), tags_page("1")))

        listing = registry.client().tags(repository(f"{MIRROR}/nginx"), access())

        assert listing.tags == ("1",)
        assert registry.asked == [
            f"GET https://{MIRROR}/v2/nginx/tags/list?n=1000",
            f"GET https://{MIRROR}/v2/library/nginx/tags/list?n=1000",
        ]

    def test_where_it_was_found_is_remembered_for_its_digests(self) -> None:
        head = httpx.Response(200, headers={"Docker-Content-Digest": DIGEST})
        registry = FakeRegistry(one_by_one(unknown(**{"X-JFrog-Version": "7"}), tags_page("1"), head))
        client = registry.client()
        client.tags(repository(f"{MIRROR}/nginx"), access())

        assert client.digest(repository(f"{MIRROR}/nginx"), Tag("1"), access()) == DIGEST
        assert registry.asked[2:] == [f"HEAD https://{MIRROR}/v2/library/nginx/manifests/1"]

    def test_what_is_not_there_either_is_told_as_first_said(self) -> None:
        registry = FakeRegistry(one_by_one(unknown(**{"X-JFrog-Version": "7"}), errors(500)))

        with pytest.raises(ScanError, match=r"no such image.*404 NAME_UNKNOWN \(no such repository\)"):
            registry.client().tags(repository(f"{MIRROR}/nginx"), access(timeout=0.1))

    @pytest.mark.parametrize("image", [f"{MIRROR}/team/nginx", "registry.example.com/nginx"])
    def test_names_of_two_parts_and_other_registries_are_not_tried_again(self, image: str) -> None:
        headers = {"X-JFrog-Version": "7"} if "team" in image else {}
        registry = FakeRegistry(one_by_one(unknown(**headers)))

        with pytest.raises(ScanError, match="no such image"):
            registry.client().tags(repository(image), access())

        assert len(registry.requests) == 1


class TestPullsThatAreLeft:
    def client_after(self, left: str, *answers: httpx.Response) -> FakeRegistry:
        first = httpx.Response(200, headers={"Docker-Content-Digest": DIGEST, "ratelimit-remaining": left})
        return FakeRegistry(one_by_one(token(), first, *answers))

    @pytest.mark.parametrize(("left", "words"), [("4;w=21600", "only 4 more images"), ("1;w=21600", "1 more image be")])
    def test_a_manifest_is_not_read_where_fewer_than_five_pulls_are_left(self, left: str, words: str) -> None:
        registry = self.client_after(left)
        client = registry.client()
        client.digest(repository("nginx"), Tag("1"), access())

        with pytest.raises(ScanError, match=words) as caught:
            client.labels(repository("nginx"), Tag("1"), access())

        assert "log in" in caught.value.remedy
        assert len(registry.requests) == 2

    @pytest.mark.parametrize("left", ["5;w=21600", "", "many"])
    def test_with_more_or_without_a_word_of_it_manifests_are_read(self, left: str) -> None:
        registry = self.client_after(left, httpx.Response(200, content=MANIFEST))
        client = registry.client()
        client.digest(repository("nginx"), Tag("1"), access())

        assert client.labels(repository("nginx"), Tag("1"), access()) == {}

    def test_digests_from_headers_are_no_pulls_and_go_on(self) -> None:
        again = httpx.Response(200, headers={"Docker-Content-Digest": DIGEST})
        registry = self.client_after("0;w=21600", again)
        client = registry.client()
        client.digest(repository("nginx"), Tag("1"), access())

        assert client.digest(repository("nginx"), Tag("2"), access()) == DIGEST

    def test_the_limit_of_another_registry_is_its_own_matter(self) -> None:
        first = httpx.Response(200, headers={"Docker-Content-Digest": DIGEST, "ratelimit-remaining": "1"})
        registry = FakeRegistry(one_by_one(first, httpx.Response(200, content=MANIFEST)))
        client = registry.client()
        client.digest(repository(), Tag("1"), access())

        assert client.labels(repository(), Tag("1"), access()) == {}
