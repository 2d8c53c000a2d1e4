"""Credentials from one end to the other: what is given, encrypted Secrets, logins of clouds, and what failures say."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.support import Tree, deployment, policy, repository, run
from tests.twins.registry import Basic, Bearer, RegistryTwin

PASSWORD = "word-of-the-robot"
SOPS = """
---
apiVersion: v1
kind: Secret
metadata: {name: login, namespace: flux-system}
type: kubernetes.io/dockerconfigjson
data: {.dockerconfigjson: "ENC[AES256_GCM,data:abc,type:str]"}
sops: {version: 3.9.0}
"""


@pytest.fixture
def registry() -> Iterator[RegistryTwin]:
    """A registry that lets one user in."""
    with RegistryTwin(authentication=Basic(username="robot", password=PASSWORD)) as twin:
        twin.fill("podinfo", ["5.0.0", "5.0.3"])
        yield twin


def tree(root: Path, host: str, **spec: str) -> Tree:
    manifests = repository(f"{host}/podinfo", insecure="true", **spec) + policy() + SOPS
    return Tree(root).lay_out({"flux.yaml": manifests, "app.yaml": deployment(f"{host}/podinfo:5.0.0")})


@pytest.mark.parametrize(
    "given",
    [
        f"secret:flux-system/login: 'robot:{PASSWORD}'",
        f"secret:login: {{username: robot, password: {PASSWORD}}}",
        'secret:login: {"auths": {"HOST": {"username": "robot", "password": "PASSWORD"}}}',
        f"HOST: 'robot:{PASSWORD}'",
    ],
)
def test_an_encrypted_secret_is_replaced_by_what_is_given(
    given: str, tmp_path: Path, registry: RegistryTwin, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = tree(tmp_path, registry.host, secretRef="{name: login}")
    monkeypatch.setenv("IMGUPDATE_REGISTRY_AUTH", given.replace("HOST", registry.host).replace("PASSWORD", PASSWORD))

    ran = run(tmp_path, "--write")

    assert ran.code == 0, ran.out
    assert files.changed == {"app.yaml"}
    assert PASSWORD not in ran.out + ran.err
    assert ("is encrypted (SOPS)" in ran.out) is ("secret:" not in given)


def test_without_it_the_warning_says_how_to_give_it(tmp_path: Path, registry: RegistryTwin) -> None:
    files = tree(tmp_path, registry.host, secretRef="{name: login}")

    ran = run(tmp_path, "--write")

    assert ran.code == 4
    assert files.changed == set()
    words = " ".join(ran.out.split())
    assert "the Secret flux-system/login is encrypted (SOPS)" in words
    assert "secret:flux-system/login: user:password" in words
    assert "without credentials" in words


def test_a_password_that_is_wrong_is_told_by_its_source_and_not_by_its_value(
    tmp_path: Path, registry: RegistryTwin, monkeypatch: pytest.MonkeyPatch
) -> None:
    tree(tmp_path, registry.host, secretRef="{name: login}")
    monkeypatch.setenv("IMGUPDATE_REGISTRY_AUTH", "secret:login: 'robot:an-old-word'")

    ran = run(tmp_path)

    words = " ".join(ran.out.split())
    assert "with the credentials of Secret flux-system/login as given in registry-auth" in words
    assert "an-old-word" not in ran.out + ran.err


def test_what_is_given_wrongly_is_wrong_usage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IMGUPDATE_REGISTRY_AUTH", f"[{PASSWORD}")

    ran = run(tmp_path)

    assert ran.code == 2
    assert PASSWORD not in ran.out + ran.err


def test_a_provider_of_another_registry_is_an_error_that_says_so(
    tmp_path: Path, registry: RegistryTwin, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "word-of-amazon")
    files = tree(tmp_path, registry.host, provider="aws")

    ran = run(tmp_path, "--write")

    assert ran.code == 4
    assert files.changed == set()
    assert "provider: aws is for the registries of that cloud" in " ".join(ran.out.split())
    assert not registry.requests


@pytest.mark.parametrize("allowed", [True, False])
def test_a_token_server_of_another_name_sees_a_password_only_where_it_is_allowed(
    allowed: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bearer = Bearer(username="robot", password=PASSWORD)
    with RegistryTwin(authentication=bearer) as twin:
        twin.fill("podinfo", ["5.0.0", "5.0.3"])
        host = f"localhost:{twin.port}"
        tree(tmp_path, host)
        monkeypatch.setenv("IMGUPDATE_REGISTRY_AUTH", f"{host}: 'robot:{PASSWORD}'")

        ran = run(tmp_path, "--write", *(["--token-server", "127.0.0.1"] if allowed else []))

        tokens = [request for request in twin.requests if request.path == "/token"]
        assert [bool(request.headers.get("authorization")) for request in tokens] == [allowed]
    assert ran.code == (0 if allowed else 4), ran.out
    assert ("were not sent to the token server 127.0.0.1" in " ".join(ran.out.split())) is not allowed
