"""What images say of themselves: where it is looked for, how seldom, and what is believed."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace

import httpx
import pytest

from imgupdate.errors import ScanError
from imgupdate.images import Digest, Tag, parse_repository
from imgupdate.registry import RegistryClient
from tests.registry.support import FakeRegistry, access, errors, repository
from tests.twins.registry import OCI_CONFIG, Bearer, RegistryTwin

SOURCE = "org.opencontainers.image.source"
REVISION = "org.opencontainers.image.revision"
BOTH = {SOURCE: "https://github.com/o/r", REVISION: "a" * 40}
AMD64 = {"os": "linux", "architecture": "amd64"}


def digest_of(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


class Store:
    """A registry that serves what was put into it, each under its digest, and one of them under the tag 1.0."""

    def __init__(self) -> None:
        self.contents: dict[str, bytes] = {}
        self.registry = FakeRegistry(self.answer)

    def put(self, document: object) -> str:
        content = document if isinstance(document, bytes) else json.dumps(document).encode()
        digest = digest_of(content)
        self.contents[f"manifests/{digest}"] = self.contents[f"blobs/{digest}"] = content
        return digest

    def tag(self, digest: str) -> None:
        self.contents["manifests/1.0"] = self.contents[f"manifests/{digest}"]

    def answer(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path.removeprefix("/v2/team/app/")
        content = self.contents.get(path)
        return errors(404, "MANIFEST_UNKNOWN") if content is None else httpx.Response(200, content=content)

    def config(self, labels: object) -> dict[str, object]:
        """A configuration with labels, as its descriptor."""
        return {"mediaType": OCI_CONFIG, "digest": self.put({"config": {"Labels": labels}})}

    def manifest(self, config: object, annotations: object = None) -> str:
        return self.put({"config": config, "layers": [], "annotations": annotations})

    def labels(self) -> Mapping[str, str]:
        return self.registry.client().labels(repository(), Tag("1.0"), access())

    @property
    def asked(self) -> list[str]:
        return [request.url.path.removeprefix("/v2/team/app/").partition(":")[0] for request in self.registry.requests]


@pytest.fixture
def store() -> Store:
    return Store()


def test_labels_are_those_of_the_configuration(store: Store) -> None:
    store.tag(store.manifest(store.config({**BOTH, "other": "x"})))

    assert store.labels() == {**BOTH, "other": "x"}

    assert store.asked == ["manifests/1.0", "blobs/sha256"]
    manifest, blob = store.registry.requests
    assert manifest.headers["accept"].startswith("application/vnd.oci.image.index.v1+json, ")
    assert {request.headers["accept-encoding"] for request in (manifest, blob)} == {"identity"}


def test_what_several_places_say_is_believed_from_the_outside_in(store: Store) -> None:
    manifest = store.manifest(store.config(dict.fromkeys("abcd", "config")), dict.fromkeys("abc", "manifest"))
    entry = {"digest": manifest, "platform": AMD64, "annotations": dict.fromkeys("ab", "entry")}
    store.tag(store.put({"manifests": [entry], "annotations": {"a": "index"}}))

    assert store.labels() == {"a": "index", "b": "entry", "c": "manifest", "d": "config"}


@pytest.mark.parametrize(
    ("where", "asked"),
    [
        ("index", ["manifests/1.0"]),
        ("entry", ["manifests/1.0"]),
        ("manifest", ["manifests/1.0", "manifests/sha256"]),
        ("config", ["manifests/1.0", "manifests/sha256", "blobs/sha256"]),
    ],
)
def test_no_more_is_read_than_source_and_revision_take(store: Store, where: str, asked: list[str]) -> None:
    said = {place: BOTH if place == where else {} for place in ("index", "entry", "manifest", "config")}
    manifest = store.manifest(store.config(said["config"]), said["manifest"])
    entry = {"digest": manifest, "platform": AMD64, "annotations": said["entry"]}
    store.tag(store.put({"manifests": [entry], "annotations": said["index"]}))

    assert store.labels() == BOTH
    assert store.asked == asked


@pytest.mark.parametrize(
    ("platforms", "chosen"),
    [
        ([("linux", "arm64"), ("linux", "amd64")], 1),
        ([("windows", "amd64"), ("linux", "arm64")], 0),
        ([("unknown", "unknown"), ("linux", "s390x")], 1),
        ([("linux", "arm64"), None], 1),
    ],
)
def test_of_an_index_one_platform_is_read_and_never_an_attestation(
    store: Store, platforms: list[tuple[str, str] | None], chosen: int
) -> None:
    entries = []
    for number, platform in enumerate(platforms):
        entry: dict[str, object] = {"digest": store.manifest(store.config({"number": str(number)}))}
        if platform:
            entry["platform"] = {"os": platform[0], "architecture": platform[1]}
        entries.append(entry)
    store.tag(store.put({"manifests": entries}))

    assert store.labels() == {"number": str(chosen)}


@pytest.mark.parametrize(
    "document",
    [
        {"manifests": [{"digest": "sha256:" + "a" * 64, "platform": {"os": "unknown", "architecture": "unknown"}}]},
        {"manifests": [{"digest": "../../x"}, {"digest": None}, "text", None]},
        {"manifests": "text"},
        {"manifests": []},
        {"schemaVersion": 1, "fsLayers": [], "history": []},
        {"config": "text", "annotations": "text"},
        {"config": {"mediaType": OCI_CONFIG, "digest": "../../x"}},
        {"config": {"mediaType": "application/vnd.cncf.helm.config.v1+json", "digest": "sha256:" + "a" * 64}},
        ["text"],
        None,
    ],
)
def test_what_is_no_image_says_nothing(store: Store, document: object) -> None:
    store.tag(store.put(document))

    assert store.labels() == {}
    assert store.asked == ["manifests/1.0"]


@pytest.mark.parametrize("config", [{}, {"config": None}, {"config": {}}, {"config": {"Labels": None}}, [1]])
def test_a_configuration_without_labels_says_nothing(store: Store, config: object) -> None:
    store.tag(store.manifest({"mediaType": OCI_CONFIG, "digest": store.put(config)}))

    assert store.labels() == {}


def test_only_text_of_the_size_of_labels_is_taken(store: Store) -> None:
    labels = {"a": 1, "b": None, "c": ["x"], "d": "x" * 4097, "e" * 257: "x", "f": "x" * 4096, "g" * 256: ""}

    store.tag(store.manifest(store.config(labels)))

    assert store.labels() == {"f": "x" * 4096, "g" * 256: ""}


def test_no_more_labels_are_taken_than_images_have(store: Store) -> None:
    store.tag(store.manifest(store.config({f"label-{n:04}": "x" for n in range(1000)})))

    assert len(store.labels()) == 500


def test_indexes_inside_of_indexes_are_entered_only_so_far(store: Store) -> None:
    digest = store.manifest(store.config({"deep": "yes"}))
    for _ in range(2):
        digest = store.put({"manifests": [{"digest": digest}]})
    store.tag(digest)
    assert store.labels() == {"deep": "yes"}

    store.tag(store.put({"manifests": [{"digest": digest}]}))
    assert store.labels() == {}


def test_a_configuration_that_its_descriptor_brings_along_is_not_asked_for(store: Store) -> None:
    content = json.dumps({"config": {"Labels": {"a": "inline"}}}).encode()
    descriptor = {"mediaType": OCI_CONFIG, "digest": digest_of(content), "data": base64.b64encode(content).decode()}
    store.tag(store.manifest(descriptor))

    assert store.labels() == {"a": "inline"}
    assert store.asked == ["manifests/1.0"]


@pytest.mark.parametrize("data", ["%%%", "e30=", "é", 5])
def test_a_configuration_brought_along_that_is_not_the_one_is_asked_for(store: Store, data: object) -> None:
    store.tag(store.manifest({**store.config({"a": "blob"}), "data": data}))

    assert store.labels() == {"a": "blob"}


def test_an_image_is_asked_for_by_its_digest_too_and_once_for_both(store: Store) -> None:
    digest = Digest(store.manifest(store.config(BOTH)))
    store.tag(digest)
    client = store.registry.client()

    for identifier in (Tag("1.0"), digest, Tag("1.0")):
        assert client.labels(repository(), identifier, access()) == BOTH
    patient = replace(access(), timeout=5)
    assert client.labels(repository(), digest, patient) == BOTH

    assert store.asked == ["manifests/1.0", "blobs/sha256"]


def test_of_a_tag_whose_digest_is_known_only_the_manifest_is_read(store: Store) -> None:
    digest = Digest(store.manifest(store.config(BOTH)))
    store.tag(digest)
    client = store.registry.client()

    assert client.labels(repository(), digest, access()) == client.labels(repository(), Tag("1.0"), access())

    assert store.asked == ["manifests/sha256", "blobs/sha256", "manifests/1.0"]


def test_what_one_may_read_is_not_told_to_another(store: Store) -> None:
    store.tag(store.manifest(store.config(BOTH)))
    client = store.registry.client()

    client.labels(repository(), Tag("1.0"), access())
    client.labels(repository(), Tag("1.0"), access(auths={"registry.example.com": {"username": "a", "password": "b"}}))

    assert len(store.asked) == 4


def test_another_image_under_the_digest_is_refused(store: Store) -> None:
    digest = Digest("sha256:" + "a" * 64)
    store.contents[f"manifests/{digest}"] = b"{}"

    with pytest.raises(ScanError, match="other bytes than those whose digest") as caught:
        store.registry.client().labels(repository(), digest, access())

    assert caught.value.where == f"registry.example.com/team/app@{digest}"


def test_another_configuration_under_the_digest_is_refused(store: Store) -> None:
    config = store.config(BOTH)
    store.contents[f"blobs/{config['digest']}"] = b'{"config": {"Labels": {"evil": "yes"}}}'
    store.tag(store.manifest(config))

    with pytest.raises(ScanError, match="other bytes than those whose digest") as caught:
        store.labels()

    assert caught.value.where == "registry.example.com/team/app:1.0"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"<html>", "other than JSON"),
        (b"[" * 100_000, "other than JSON"),
        (b" " * (5 << 20), "4096 KiB"),
    ],
)
def test_what_is_no_document_is_refused(store: Store, content: bytes, words: str) -> None:
    store.tag(store.put(content))
    with pytest.raises(ScanError, match=words):
        store.labels()

    store.tag(store.manifest({"mediaType": OCI_CONFIG, "digest": store.put(content)}))
    with pytest.raises(ScanError, match=words):
        store.labels()


def test_an_image_that_is_not_there_is_refused(store: Store) -> None:
    with pytest.raises(ScanError, match="404 MANIFEST_UNKNOWN"):
        store.labels()


def test_a_store_of_blobs_elsewhere_sees_no_credentials(store: Store) -> None:
    config = store.config(BOTH)
    store.tag(store.manifest(config))

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.host == "blobs.example.net":
            return httpx.Response(200, content=store.contents[f"blobs/{config['digest']}"])
        if "/blobs/" in request.url.path:
            return httpx.Response(307, headers={"Location": "https://blobs.example.net/x?signature=y"})
        if not request.headers.get("authorization"):
            return httpx.Response(401, headers={"WWW-Authenticate": 'Basic realm="x"'})
        return store.answer(request)

    registry = FakeRegistry(answer)
    login = access(auths={"registry.example.com": {"username": "alice", "password": "secret-of-alice"}})

    assert registry.client().labels(repository(), Tag("1.0"), login) == BOTH

    seen = {(request.url.host, bool(request.headers.get("authorization"))) for request in registry.requests[1:]}
    assert seen == {("registry.example.com", True), ("blobs.example.net", False)}


def test_a_registry_that_wants_tokens_is_read_to_the_labels() -> None:
    with RegistryTwin(authentication=Bearer()) as twin, RegistryClient() as client:
        twin.fill("team/app", ["1.0", "1.1"])
        plain = Digest(twin.put_image("team/app", "1.0", BOTH, platforms=()))
        twin.put_image("team/app", "1.1", {"a": "b"}, annotations={REVISION: "c" * 40})
        image = parse_repository(f"{twin.host}/team/app")
        insecure = access(insecure=True)

        assert client.labels(image, Tag("1.0"), insecure) == BOTH
        assert client.labels(image, plain, insecure) == BOTH
        assert client.labels(image, Tag("1.1"), insecure) == {"a": "b", REVISION: "c" * 40}
        with pytest.raises(ScanError, match="404"):
            client.labels(image, Digest("sha256:" + "0" * 64), insecure)
