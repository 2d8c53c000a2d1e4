"""Platforms, times, labels and annotations: what they are, and how few requests tell (spec/registry.md 5)."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any

import pytest

from imgupdate.errors import ScanError
from imgupdate.images import Digest, Tag
from imgupdate.registry import RegistryClient
from imgupdate.registry.cache import CacheDirectory
from imgupdate.registry.metadata import CREATED, instant
from imgupdate.results import Facet, ImageMetadata
from tests.registry.support import FakeClock, access, entry, repository
from tests.registry.test_labels import AMD64, Store, digest_of
from tests.twins.registry import OCI_CONFIG

NOON = "2024-05-01T12:00:00Z"
NOON_SECONDS = 1714564800.0
ARM = {"os": "linux", "architecture": "arm", "variant": "v7"}
UNKNOWN = {"os": "unknown", "architecture": "unknown"}


class Images(Store):
    """Images of one platform or several, and what was asked for them."""

    def image(
        self,
        *,
        created: object = NOON,
        labels: object = None,
        annotations: object = None,
        platform: dict[str, str] = AMD64,
    ) -> str:
        config = self.put({**platform, "created": created, "config": {"Labels": labels}})
        return self.manifest({"mediaType": OCI_CONFIG, "digest": config}, annotations)

    def index(self, *entries: tuple[str, object], annotations: object = None, on_entries: object = None) -> str:
        described = [
            {"digest": digest, "annotations": on_entries} | ({} if platform is None else {"platform": platform})
            for digest, platform in entries
        ]
        return self.put({"manifests": described, "annotations": annotations})

    def metadata(self, *wanted: Facet) -> ImageMetadata:
        given: dict[str, Collection[Facet]] = {"wanted": wanted} if wanted else {}
        return self.registry.client().metadata(repository(), Tag("1.0"), access(), **given)


@pytest.fixture
def images() -> Images:
    return Images()


def test_everything_is_known_after_index_manifest_and_configuration(images: Images) -> None:
    image = images.image(labels={"l": "1"}, annotations={"m": "2"})
    digest = images.index((image, AMD64), (images.image(platform=ARM), ARM), annotations={"i": "3"})
    images.tag(digest)

    assert images.metadata() == ImageMetadata(
        digest=Digest(digest),
        platforms=("linux/amd64", "linux/arm/v7"),
        created=NOON_SECONDS,
        labels={"l": "1"},
        annotations={"i": "3", "m": "2"},
    )
    assert images.asked == ["manifests/1.0", "manifests/sha256", "blobs/sha256"]


@pytest.mark.parametrize(
    ("wanted", "where", "requests"),
    [
        ((Facet.PLATFORMS,), "nowhere", 1),
        ((Facet.CREATED,), "index", 1),
        ((Facet.CREATED, Facet.PLATFORMS), "entry", 1),
        ((Facet.CREATED,), "manifest", 2),
        ((Facet.ANNOTATIONS,), "nowhere", 2),
        ((Facet.CREATED,), "nowhere", 3),
        ((Facet.LABELS,), "index", 3),
    ],
)
def test_no_more_is_asked_than_what_is_wanted_takes(
    images: Images, wanted: tuple[Facet, ...], where: str, requests: int
) -> None:
    said = {place: {CREATED: NOON} if place == where else {} for place in ("index", "entry", "manifest")}
    image = images.image(annotations=said["manifest"], labels={"l": "1"})
    images.tag(images.index((image, AMD64), annotations=said["index"], on_entries=said["entry"]))

    found = images.metadata(*wanted)

    assert len(images.asked) == requests
    assert found.platforms == ("linux/amd64",)
    if Facet.CREATED in wanted:
        assert found.created == NOON_SECONDS
    if Facet.LABELS in wanted:
        assert found.labels == {"l": "1"}


def test_an_image_without_an_index_tells_its_platform_in_its_configuration(images: Images) -> None:
    images.tag(images.image(platform=ARM))

    assert images.metadata(Facet.PLATFORMS).platforms == ("linux/arm/v7",)
    assert images.asked == ["manifests/1.0", "blobs/sha256"]


def test_a_time_in_annotations_goes_before_that_of_the_configuration(images: Images) -> None:
    images.tag(images.image(created="2020-01-01T00:00:00Z", annotations={CREATED: NOON}))

    assert images.metadata().created == NOON_SECONDS


def test_attestations_are_no_platforms_and_an_entry_without_a_platform_is_for_linux_amd64(images: Images) -> None:
    image, other = images.image(), images.image(labels={"other": "1"})
    images.tag(images.index((image, None), (other, UNKNOWN)))

    assert images.metadata(Facet.PLATFORMS).platforms == ("linux/amd64",)


@pytest.mark.parametrize(
    "platform", [{}, {"os": "linux"}, {"os": 1, "architecture": []}, {"os": "a\nb", "architecture": "c"}]
)
def test_a_platform_that_is_none_is_left_out(images: Images, platform: object) -> None:
    images.tag(images.index((images.image(), platform), (images.image(labels={"other": "1"}), AMD64)))

    assert images.metadata(Facet.PLATFORMS).platforms == ("linux/amd64",)


def test_an_index_inside_an_index_is_looked_into(images: Images) -> None:
    inner = images.index((images.image(labels={"l": "1"}), AMD64))
    images.tag(images.index((inner, AMD64)))

    assert images.metadata().labels == {"l": "1"}


def test_indexes_inside_each_other_come_to_an_end(images: Images) -> None:
    innermost = images.index((images.image(labels={"l": "1"}), AMD64))
    images.tag(images.index((images.index((innermost, AMD64)), AMD64)))

    assert images.metadata().labels == {}
    assert images.asked == ["manifests/1.0", "manifests/sha256", "manifests/sha256"]


def test_an_empty_index_says_nothing(images: Images) -> None:
    digest = images.index(annotations={"a": "1"})
    images.tag(digest)

    assert images.metadata() == ImageMetadata(digest=Digest(digest), annotations={"a": "1"})


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        (NOON, NOON_SECONDS),
        ("2024-05-01T14:00:00.123456789+02:00", NOON_SECONDS + 0.123456),
        ("2024-05-01t12:00:00z", NOON_SECONDS),
        ("2024-05-01 12:00:00Z", NOON_SECONDS),
        ("1970-01-01T00:00:00Z", None),
        ("1980-01-01T00:00:00Z", None),
        ("1980-01-02T14:00:00+14:00", None),
        ("0001-01-01T00:00:00Z", None),
        ("0001-01-01T00:00:00+23:59", None),
        ("2024-05-01T12:00:00", None),
        ("2024-05-01", None),
        ("2024-13-01T12:00:00Z", None),
        ("2024-W18-3T12:00:00Z", None),
        ("now", None),
        ("", None),
        (1714564800, None),
        (None, None),
    ],
)
def test_times_are_those_of_rfc_3339_and_epochs_of_reproducible_builds_are_none(
    text: Any, seconds: float | None
) -> None:
    assert instant(text) == (None if seconds is None else pytest.approx(seconds, abs=1e-6))


def test_an_image_is_asked_for_once_a_run_by_tag_and_by_digest(images: Images) -> None:
    digest = images.image(labels={"l": "1"})
    images.tag(digest)
    with images.registry.client() as client:
        found = client.metadata(repository(), Tag("1.0"), access())

        assert client.metadata(repository(), Tag("1.0"), access(timeout=5)) == found
        assert client.metadata(repository(), Digest(digest), access(), wanted=[Facet.LABELS]) == found
    assert len(images.asked) == 2


def test_what_was_not_wanted_before_is_asked_for_when_it_is(images: Images) -> None:
    images.tag(images.index((images.image(labels={"l": "1"}), AMD64)))
    with images.registry.client() as client:
        client.metadata(repository(), Tag("1.0"), access(), wanted=[Facet.PLATFORMS])

        assert client.metadata(repository(), Tag("1.0"), access()).labels == {"l": "1"}
    assert len(images.asked) == 4


def test_another_user_is_told_nothing_that_the_first_one_was(images: Images) -> None:
    images.tag(images.image())
    with images.registry.client() as client:
        client.metadata(repository(), Tag("1.0"), access())
        client.metadata(repository(), Tag("1.0"), access(auths={"registry.example.com": entry()}))

    assert len(images.asked) == 4


def test_what_fails_names_the_image_and_its_tag_or_digest(images: Images) -> None:
    digest = digest_of(b"")
    with images.registry.client() as client:
        for identifier, name in ((Tag("1.0"), ":1.0"), (Digest(digest), f"@{digest}")):
            with pytest.raises(ScanError) as caught:
                client.metadata(repository(), identifier, access())
            assert caught.value.where == f"registry.example.com/team/app{name}"


# --- between runs ---


def kept(images: Images, folder: Path) -> RegistryClient:
    clock = FakeClock()
    client = images.registry.client(clock=clock)
    client.remember(CacheDirectory(folder, clock=clock))
    return client


def test_by_a_digest_that_a_run_knew_the_next_one_asks_nothing(images: Images, tmp_path: Path) -> None:
    digest = images.index((images.image(labels={"l": "1"}), AMD64))
    images.tag(digest)
    with kept(images, tmp_path) as client:
        first = client.metadata(repository(), Tag("1.0"), access())
    images.registry.requests.clear()

    with kept(images, tmp_path) as client:
        assert client.metadata(repository(), Digest(digest), access()) == first
        assert client.labels(repository(), Digest(digest), access()) == {"l": "1"}

    assert images.asked == []


def test_what_a_tag_is_now_is_asked_for_and_the_rest_is_not(images: Images, tmp_path: Path) -> None:
    images.tag(images.index((images.image(labels={"l": "1"}), AMD64)))
    for requests in (3, 1):
        images.registry.requests.clear()
        with kept(images, tmp_path) as client:
            assert client.metadata(repository(), Tag("1.0"), access()).labels == {"l": "1"}
        assert len(images.asked) == requests


@pytest.mark.parametrize("limited", [{"auths": {"registry.example.com": entry()}}, {"insecure": True}])
def test_who_did_not_get_it_from_the_registry_does_not_get_it_from_the_cache(
    images: Images, tmp_path: Path, limited: dict[str, Any]
) -> None:
    digest = images.image()
    for given in ({}, limited):
        with kept(images, tmp_path) as client:
            client.metadata(repository(), Digest(digest), access(**given))

    assert len(images.asked) == 4


def test_content_in_the_cache_that_has_another_digest_is_not_believed(images: Images, tmp_path: Path) -> None:
    digest, other = images.image(labels={"l": "1"}), images.image(labels={"l": "evil"})
    with kept(images, tmp_path) as client:
        client.metadata(repository(), Digest(digest), access(), wanted=[Facet.ANNOTATIONS])
        (right,) = tmp_path.iterdir()
        client.metadata(repository(), Digest(other), access(), wanted=[Facet.ANNOTATIONS])
    (wrong,) = set(tmp_path.iterdir()) - {right}
    wrong.replace(right)

    cache = CacheDirectory(tmp_path, clock=FakeClock())
    with images.registry.client() as client:
        client.remember(cache)
        assert client.labels(repository(), Digest(digest), access()) == {"l": "1"}
    assert len(cache.notices.all) == 1


def test_large_content_is_not_kept(images: Images, tmp_path: Path) -> None:
    digest = images.put({"layers": [], "annotations": {"a": "x"}, "padding": "x" * (256 << 10)})
    with kept(images, tmp_path) as client:
        client.metadata(repository(), Digest(digest), access())

    assert list(tmp_path.iterdir()) == []


def test_a_refusal_is_not_kept(images: Images, tmp_path: Path) -> None:
    with kept(images, tmp_path) as client, pytest.raises(ScanError):
        client.metadata(repository(), Digest(digest_of(b"")), access())

    assert list(tmp_path.iterdir()) == []
