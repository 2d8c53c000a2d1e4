"""The main job against Debian's docker-registry: real images, pushed over HTTP, in a registry that we did not write."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.docker_registry import Certificate, DockerRegistry, User, push, push_index
from tests.twins.certificates import Authority

pytestmark = pytest.mark.needs_program("docker-registry")

ALICE = User(name="alice", password="secret: of-alice ✓")  # a colon and a letter beyond ASCII, as passwords have them
SECONDS = 60

DEPLOYMENT = """\
# The workload, as its owner likes it.
apiVersion: apps/v1
kind: Deployment
metadata: {name: app}
spec:
    template:
        spec:
            containers:
            -   name: app
                image:   "@HOST@/team/app:1.0.0@PIN@"   # {"$imagepolicy": "flux-system:app"}
                env: [ {name: TAG, value: old} ]


---
# Versions by themselves:
tag: 1.0.0 # {"$imagepolicy": "flux-system:app:tag"}\r
name: @HOST@/team/app # {"$imagepolicy": "flux-system:app:name"}
other: @HOST@/team/app:1.0.0
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """What a run printed, how it ended, and its JSON document."""

    exit_code: int
    report: dict[str, Any]
    errors: str

    @property
    def chosen(self) -> dict[str, str]:
        """The tag that each policy chose; those that chose none are left out."""
        return {p["policy"]["name"]: p["tag"] for p in self.report["policies"] if p["status"] == "selected"}

    @property
    def problems(self) -> str:
        """Messages and remedies of all errors."""
        errors = [p for p in self.report["problems"] if p["severity"] == "error"]
        return "\n".join(f"{problem['message']}; {problem['remedy']}" for problem in errors)


def imgupdate(root: Path, *arguments: str) -> Finished:
    """Run the program as a person does, in a process of its own."""
    command = [sys.executable, "-m", "imgupdate", "run", "--path", str(root), "--output", "json", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)
    assert done.stdout, done.stderr
    return Finished(exit_code=done.returncode, report=json.loads(done.stdout), errors=done.stderr)


def image_manifests(name: str, image: str, *, repository: str = "", policy: str = "") -> str:
    """An ImageRepository and an ImagePolicy; `repository` and `policy` are further lines of their specs."""
    lines = [
        "apiVersion: image.toolkit.fluxcd.io/v1",
        "kind: ImageRepository",
        f"metadata: {{name: {name}, namespace: flux-system}}",
        "spec:",
        f"  image: {image}",
        "  interval: 5m",
        *([f"  {repository}"] if repository else []),
        "---",
        "apiVersion: image.toolkit.fluxcd.io/v1",
        "kind: ImagePolicy",
        f"metadata: {{name: {name}, namespace: flux-system}}",
        "spec:",
        f"  imageRepositoryRef: {{name: {name}}}",
        f"  {policy or 'policy: {semver: {range: 1.x}}'}",
    ]
    return "\n".join(lines) + "\n"


def write(root: Path, name: str, text: str) -> Path:
    """Write a file of the repository, byte for byte."""
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode())
    return path


def deployment(host: str, tag: str = "1.0.0", digest: str = "") -> str:
    """The workload with another tag in its three marked fields, and with a digest where there is one."""
    text = DEPLOYMENT.replace("@PIN@", f"@{digest}" if digest else "").replace("@HOST@", host)
    *marked, last = text.splitlines(keepends=True)
    return "".join(line.replace("1.0.0", tag) if "$imagepolicy" in line else line for line in marked) + last


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "repository"
    root.mkdir()
    return root


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[DockerRegistry]:
    """A registry that everybody may use."""
    with DockerRegistry(tmp_path / "registry") as running:
        yield running


def test_each_policy_chooses_among_the_tags_that_were_pushed(root: Path, registry: DockerRegistry) -> None:
    with registry.client() as client:
        push(client, "team/app", "1.0.0", "1.2.0", "v1.10.0", "2.0.0", "latest", "1.11.0-rc.1")
        push(client, "team/builds", "main-fffffff-1700000001", "main-0000000-1700000200", "topic-aaaaaaa-1800000000")
        push_index(client, "team/dated", "RELEASE.2024-01-31", "RELEASE.2024-02-01", "nightly")
    build = (
        "filterTags: {pattern: '^main-[a-f0-9]+-(?P<ts>[0-9]+)$', extract: $ts}\n  policy: {numerical: {order: asc}}"
    )
    dated = "filterTags: {pattern: '^RELEASE'}\n  policy: {alphabetical: {order: asc}}"
    write(root, "app.yaml", image_manifests("app", f"{registry.host}/team/app"))
    write(root, "builds.yaml", image_manifests("builds", f"{registry.host}/team/builds", policy=build))
    write(root, "dated.yaml", image_manifests("dated", f"{registry.host}/team/dated", policy=dated))

    run = imgupdate(root)

    assert run.problems == ""
    assert run.exit_code == 0
    assert run.chosen == {"app": "v1.10.0", "builds": "main-0000000-1700000200", "dated": "RELEASE.2024-02-01"}


def test_only_marked_scalars_are_rewritten_and_a_second_run_finds_nothing_to_do(
    root: Path, registry: DockerRegistry
) -> None:
    with registry.client() as client:
        push(client, "team/app", "1.0.0", "1.2.0")
    manifests = write(root, "flux/images.yaml", image_manifests("app", f"{registry.host}/team/app"))
    workload = write(root, "apps/app.yaml", deployment(registry.host))
    configuration = manifests.read_bytes()

    shown = imgupdate(root)
    assert workload.read_bytes() == deployment(registry.host).encode()
    assert shown.report["summary"]["changes"] == 2

    written = imgupdate(root, "--write")
    assert written.exit_code == 0
    assert written.report["files"] == shown.report["files"]
    assert workload.read_bytes() == deployment(registry.host, "1.2.0").encode()
    assert manifests.read_bytes() == configuration

    again = imgupdate(root, "--write")
    assert again.exit_code == 0
    assert again.report["files"] == []
    assert workload.read_bytes() == deployment(registry.host, "1.2.0").encode()


def test_a_digest_is_that_of_the_index_and_moves_only_under_always(root: Path, registry: DockerRegistry) -> None:
    names = {"Always": "always", "IfNotPresent": "once"}
    with registry.client() as client:
        first = {name: push_index(client, f"team/{name}", "1.0.0", "1.2.0") for name in names.values()}
    for reflection, name in names.items():
        policy = f"digestReflectionPolicy: {reflection}\n  policy: {{semver: {{range: 1.x}}}}"
        policy += "\n  interval: 10m" if reflection == "Always" else ""
        write(root, f"flux/{name}.yaml", image_manifests(name, f"{registry.host}/team/{name}", policy=policy))
        marker = f'{{"$imagepolicy": "flux-system:{name}'
        text = f'image: {registry.host}/team/{name}:1.0.0 # {marker}"}}\ndigest: "" # {marker}:digest"}}\n'
        write(root, f"apps/{name}.yaml", text)

    pinned = imgupdate(root, "--write")
    after_first = {name: (root / f"apps/{name}.yaml").read_text() for name in names.values()}
    with registry.client() as client:
        moved = {name: push_index(client, f"team/{name}", "1.2.0", content="rebuilt") for name in names.values()}
    again = imgupdate(root, "--write")
    after_second = {name: (root / f"apps/{name}.yaml").read_text() for name in names.values()}

    def expected(name: str, digest: str) -> str:
        marker = f'{{"$imagepolicy": "flux-system:{name}'
        image = f"{registry.host}/team/{name}:1.2.0@{digest}"
        return f'image: {image} # {marker}"}}\ndigest: "{digest}" # {marker}:digest"}}\n'

    assert (pinned.exit_code, pinned.problems) == (0, "")
    assert after_first == {name: expected(name, digest) for name, digest in first.items()}
    assert (again.exit_code, again.problems) == (0, "")
    assert moved["always"] != first["always"]
    assert after_second == {
        "always": expected("always", moved["always"]),
        "once": expected("once", first["once"]),
    }


def test_an_image_that_is_not_there_stops_only_its_own_policy(root: Path, registry: DockerRegistry) -> None:
    with registry.client() as client:
        push(client, "team/app", "1.0.0", "1.2.0")
    write(root, "app.yaml", image_manifests("app", f"{registry.host}/team/app"))
    write(root, "gone.yaml", image_manifests("gone", f"{registry.host}/team/gone"))
    workload = write(root, "workload.yaml", deployment(registry.host))

    run = imgupdate(root, "--write")

    assert run.exit_code == 4
    assert run.chosen == {"app": "1.2.0"}
    assert f"{registry.host}/team/gone" in run.problems
    assert workload.read_bytes() == deployment(registry.host, "1.2.0").encode()


def test_a_repository_is_asked_once_however_many_policies_name_it(root: Path, tmp_path: Path) -> None:
    with DockerRegistry(tmp_path / "registry") as registry:
        with registry.client() as client:
            push(client, "team/app", "1.0.0", "1.2.0", "2.0.0")
        write(root, "app.yaml", image_manifests("app", f"{registry.host}/team/app"))
        second = image_manifests("next", "unused", policy="policy: {semver: {range: 2.x}}").partition("---\n")[2]
        write(root, "next.yaml", second.replace("imageRepositoryRef: {name: next}", "imageRepositoryRef: {name: app}"))
        run = imgupdate(root)

    assert run.chosen == {"app": "1.2.0", "next": "2.0.0"}
    assert [request.split("?")[0] for request in registry.requests()] == ["GET /v2/team/app/tags/list"]


def test_a_list_of_exactly_a_page_in_no_order_is_taken_as_the_whole(root: Path, tmp_path: Path) -> None:
    """docker-registry 2.8 gives all tags whatever is asked for, unsorted and without a `Link`."""
    with DockerRegistry(tmp_path / "registry") as registry:
        with registry.client() as client:
            push(client, "team/app", *(f"1.0.{number}" for number in range(1000)))
        write(root, "app.yaml", image_manifests("app", f"{registry.host}/team/app"))
        run = imgupdate(root)

    listings = [request for request in registry.requests() if "/tags/list" in request]
    assert (run.exit_code, run.chosen) == (0, {"app": "1.0.999"})
    assert len(listings) <= 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Private:
    """A registry with a password and a certificate of a CA that nobody knows, and the CA's certificate."""

    registry: DockerRegistry
    ca: bytes


@pytest.fixture
def private(tmp_path: Path) -> Iterator[Private]:
    """A registry of Alice's, over TLS."""
    authority = Authority()
    chain, key, ca = tmp_path / "chain.pem", tmp_path / "key.pem", tmp_path / "ca.pem"
    issued = authority.server()
    chain.write_bytes(issued.certificate)
    key.write_bytes(issued.key)
    ca.write_bytes(authority.pem)
    certificate = Certificate(chain=chain, key=key, ca=ca)
    with DockerRegistry(tmp_path / "registry", user=ALICE, certificate=certificate) as running:
        with running.client() as client:
            push(client, "team/app", "1.0.0", "1.2.0")
        yield Private(registry=running, ca=authority.pem)


def secret(name: str, kind: str, key: str, value: bytes) -> str:
    """A Secret manifest with one key."""
    encoded = base64.b64encode(value).decode()
    metadata = f"{{name: {name}, namespace: flux-system}}"
    return f"apiVersion: v1\nkind: Secret\ntype: {kind}\nmetadata: {metadata}\ndata:\n  {key}: {encoded}\n"


def registry_login(host: str, user: User) -> bytes:
    """What `kubectl create secret docker-registry` puts into a Secret."""
    login = {"username": user.name, "password": user.password}
    return json.dumps({"auths": {host: login}}).encode()


def private_repository(root: Path, private: Private, user: User, *, trusted: bool = True) -> Path:
    """A repository whose ImageRepository refers to a login and, if trusted, to the CA; returns its workload."""
    host = private.registry.host
    login = secret("regcred", "kubernetes.io/dockerconfigjson", ".dockerconfigjson", registry_login(host, user))
    references = "secretRef: {name: regcred}" + ("\n  certSecretRef: {name: ca}" if trusted else "")
    write(root, "flux/images.yaml", image_manifests("app", f"{host}/team/app", repository=references))
    write(root, "flux/regcred.yaml", login)
    write(root, "flux/ca.yaml", secret("ca", "Opaque", "ca.crt", private.ca))
    return write(root, "apps/app.yaml", deployment(host))


def test_a_private_registry_opens_to_the_secret_and_is_trusted_by_the_ca_of_the_repository(
    root: Path, private: Private
) -> None:
    workload = private_repository(root, private, ALICE)

    run = imgupdate(root, "--write")

    assert (run.exit_code, run.problems) == (0, "")
    assert workload.read_bytes() == deployment(private.registry.host, "1.2.0").encode()


def test_a_wrong_password_is_told_with_the_secret_that_it_comes_from(root: Path, private: Private) -> None:
    workload = private_repository(root, private, User(name="alice", password="guessed-by-mallory"))

    run = imgupdate(root, "--write")

    assert run.exit_code == 4
    assert "flux-system/regcred" in run.problems
    assert "guessed-by-mallory" not in json.dumps(run.report) + run.errors
    assert workload.read_bytes() == deployment(private.registry.host).encode()


def test_a_certificate_that_nobody_vouches_for_is_refused(root: Path, private: Private) -> None:
    workload = private_repository(root, private, ALICE, trusted=False)

    run = imgupdate(root, "--write")

    assert run.exit_code == 4
    assert "certificate" in run.problems
    assert workload.read_bytes() == deployment(private.registry.host).encode()
