"""What images in Debian's docker-registry say of their source, and the link that it makes."""

from __future__ import annotations

from pathlib import Path

import pytest

from imgupdate.config.model import RegistryAccess
from imgupdate.errors import ScanError
from imgupdate.images import Digest, Tag, parse_repository
from imgupdate.registry import RegistryClient
from imgupdate.report.links import REVISION, SOURCE, compare_of_labels
from tests.e2e.docker_registry import DockerRegistry, push, push_index

pytestmark = pytest.mark.needs_program("docker-registry")


def said(revision: str) -> dict[str, str]:
    return {SOURCE: "https://github.com/acme/app.git", REVISION: revision, "maintainer": "acme"}


def test_the_labels_of_two_images_lead_to_what_changed(tmp_path: Path) -> None:
    running = DockerRegistry(tmp_path / "registry")
    with running, RegistryClient() as client:
        with running.client() as pusher:
            old = push(pusher, "team/app", "1.0", labels=said("a" * 40))
            push_index(pusher, "team/app", "1.1", labels=said("b" * 40))
            push(pusher, "team/app", "plain")
        image, access = parse_repository(f"{running.host}/team/app"), RegistryAccess()

        before = client.labels(image, Digest(old), access)
        after = client.labels(image, Tag("1.1"), access)

        assert after == said("b" * 40)
        assert compare_of_labels(before, after) == f"https://github.com/acme/app/compare/{'a' * 40}...{'b' * 40}"
        assert client.labels(image, Tag("1.0"), access) == before
        assert client.labels(image, Tag("plain"), access) == {}
        with pytest.raises(ScanError, match="404"):
            client.labels(image, Tag("gone"), access)

    kinds = [request.partition("/v2/team/app/")[2].split("/")[0] for request in running.requests()]
    asked = [kind for kind in kinds if kind in ("manifests", "blobs")]
    assert asked == [
        *("manifests", "blobs"),
        *("manifests", "manifests", "blobs"),
        "manifests",
        *("manifests", "blobs"),
        "manifests",
    ]
