"""Debian's docker-registry behind a token server, behind client certificates, and behind a proxy."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests.e2e.docker_registry import Certificate, DockerRegistry, Tokens, User, push
from tests.e2e.test_docker_registry import (
    ALICE,
    deployment,
    image_manifests,
    imgupdate,
    registry_login,
    secret,
    write,
)
from tests.twins.certificates import Authority
from tests.twins.proxy import ProxyTwin
from tests.twins.token_server import ISSUER, SERVICE, TokenServerTwin

pytestmark = pytest.mark.needs_program("docker-registry")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "repository"
    root.mkdir()
    return root


@pytest.fixture
def tokens() -> Iterator[TokenServerTwin]:
    with TokenServerTwin(ALICE.name, ALICE.password) as running:
        yield running


@pytest.fixture
def behind_tokens(tmp_path: Path, tokens: TokenServerTwin) -> Iterator[DockerRegistry]:
    """A registry that believes a token server, with an image in it."""
    bundle = tmp_path / "tokens.pem"
    bundle.write_bytes(tokens.authority.pem)
    pushing = tokens.token("team/app", ("pull", "push"))
    trusted = Tokens(realm=tokens.realm, service=SERVICE, issuer=ISSUER, bundle=bundle, pushing=pushing)
    with DockerRegistry(tmp_path / "registry", tokens=trusted) as running:
        with running.client() as client:
            push(client, "team/app", "1.0.0", "1.2.0")
        tokens.forget_requests()
        yield running


def with_login(root: Path, host: str, user: User) -> Path:
    """A repository whose ImageRepository logs in; returns its workload."""
    login = secret("regcred", "kubernetes.io/dockerconfigjson", ".dockerconfigjson", registry_login(host, user))
    write(root, "flux/images.yaml", image_manifests("app", f"{host}/team/app", repository="secretRef: {name: regcred}"))
    write(root, "flux/regcred.yaml", login)
    return write(root, "apps/app.yaml", deployment(host))


def test_a_token_of_the_token_server_opens_the_registry(
    root: Path, behind_tokens: DockerRegistry, tokens: TokenServerTwin
) -> None:
    workload = with_login(root, behind_tokens.host, ALICE)

    run = imgupdate(root, "--write")

    assert (run.exit_code, run.problems) == (0, "")
    assert workload.read_bytes() == deployment(behind_tokens.host, "1.2.0").encode()
    (asked,) = tokens.requests
    assert asked.query["scope"] == ("repository:team/app:pull",)
    assert asked.query["service"] == (SERVICE,)


def test_who_the_token_server_does_not_know_is_told_so(root: Path, behind_tokens: DockerRegistry) -> None:
    workload = with_login(root, behind_tokens.host, User(name="alice", password="guessed-by-mallory"))

    run = imgupdate(root, "--write")

    assert run.exit_code == 4
    assert "flux-system/regcred" in run.problems
    assert "guessed-by-mallory" not in json.dumps(run.report) + run.errors
    assert workload.read_bytes() == deployment(behind_tokens.host).encode()


@pytest.fixture
def authority() -> Authority:
    return Authority()


@pytest.fixture
def demanding(tmp_path: Path, authority: Authority) -> Iterator[DockerRegistry]:
    """A registry that wants a certificate of whoever comes."""
    server, client = authority.server(), authority.client("the test")
    files = {"chain": server.certificate, "key": server.key, "ca": authority.pem}
    files |= {"client": client.certificate, "client-key": client.key}
    paths = {name: tmp_path / f"{name}.pem" for name in files}
    for name, content in files.items():
        paths[name].write_bytes(content)
    certificate = Certificate(
        chain=paths["chain"],
        key=paths["key"],
        ca=paths["ca"],
        clients=paths["ca"],
        client=(paths["client"], paths["client-key"]),
    )
    with DockerRegistry(tmp_path / "registry", certificate=certificate) as running:
        with running.client() as pushing:
            push(pushing, "team/app", "1.0.0", "1.2.0")
        yield running


def certificates(data: Mapping[str, bytes]) -> str:
    """A Secret with PEM texts."""
    first, *others = [secret("certs", "Opaque", name, value) for name, value in data.items()]
    return first + "".join(other.partition("data:\n")[2] for other in others)


def test_a_client_certificate_of_the_secret_is_shown(
    root: Path, demanding: DockerRegistry, authority: Authority
) -> None:
    own = authority.client("imgupdate")
    data = {"ca.crt": authority.pem, "tls.crt": own.certificate, "tls.key": own.key}
    manifests = image_manifests("app", f"{demanding.host}/team/app", repository="certSecretRef: {name: certs}")
    write(root, "flux/images.yaml", manifests)
    write(root, "flux/certs.yaml", certificates(data))
    workload = write(root, "apps/app.yaml", deployment(demanding.host))

    run = imgupdate(root, "--write")

    assert (run.exit_code, run.problems) == (0, "")
    assert workload.read_bytes() == deployment(demanding.host, "1.2.0").encode()


def test_without_a_client_certificate_the_registry_does_not_open(
    root: Path, demanding: DockerRegistry, authority: Authority
) -> None:
    manifests = image_manifests("app", f"{demanding.host}/team/app", repository="certSecretRef: {name: certs}")
    write(root, "flux/images.yaml", manifests)
    write(root, "flux/certs.yaml", certificates({"ca.crt": authority.pem}))
    workload = write(root, "apps/app.yaml", deployment(demanding.host))

    run = imgupdate(root, "--write")

    assert run.exit_code == 4
    assert "certificate" in run.problems
    assert workload.read_bytes() == deployment(demanding.host).encode()


def test_a_registry_is_reached_through_the_proxy_of_the_repository(root: Path, tmp_path: Path) -> None:
    with (
        DockerRegistry(tmp_path / "registry") as registry,
        ProxyTwin(username="me", password="pass word", anywhere=registry.host) as proxy,
    ):
        with registry.client() as client:
            push(client, "team/app", "1.0.0", "1.2.0")
        host = "registry.behind.example:5000"
        manifests = image_manifests(
            "app", f"{host}/team/app", repository="insecure: true\n  proxySecretRef: {name: proxy}"
        )
        data = {"address": proxy.url.encode(), "username": b"me", "password": b"pass word"}
        write(root, "flux/images.yaml", manifests)
        write(root, "flux/proxy.yaml", certificates(data).replace("name: certs", "name: proxy"))
        workload = write(root, "apps/app.yaml", deployment(host))

        run = imgupdate(root, "--write")

    assert (run.exit_code, run.problems) == (0, "")
    assert workload.read_bytes() == deployment(host, "1.2.0").encode()
    assert proxy.used
    assert all(host in target for target in proxy.used)


def test_a_registry_is_reached_through_the_proxy_of_the_environment(root: Path, tmp_path: Path) -> None:
    with DockerRegistry(tmp_path / "registry") as registry, ProxyTwin(anywhere=registry.host) as proxy:
        with registry.client() as client:
            push(client, "team/app", "1.0.0", "1.2.0")
        host = "registry.behind.example:5000"
        write(root, "flux/images.yaml", image_manifests("app", f"{host}/team/app", repository="insecure: true"))
        workload = write(root, "apps/app.yaml", deployment(host))

        done = subprocess.run(
            [sys.executable, "-m", "imgupdate", "run", "--path", str(root), "--write"],
            env={**os.environ, "HTTP_PROXY": proxy.url, "HTTPS_PROXY": proxy.url, "NO_PROXY": "", "no_proxy": ""},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    assert done.returncode == 0, done.stdout
    assert workload.read_bytes() == deployment(host, "1.2.0").encode()
    assert proxy.used
