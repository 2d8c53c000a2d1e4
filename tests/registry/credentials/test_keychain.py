"""Whose credential an image gets."""

from __future__ import annotations

import json

from imgupdate.registry.credentials import CredentialSources, DockerConfig, Keychain
from tests.registry.support import access, docker_config, entry, repository

HOST = "registry.example.com"


def user(keychain: Keychain, image: str = f"{HOST}/team/app", **settings: object) -> str | None:
    auths = settings.get("auths")
    assert auths is None or isinstance(auths, dict)
    found = keychain.find(repository(image), access(auths=auths))
    return found.credential.username if found.credential else None


def test_a_secret_comes_before_the_variable_and_that_before_the_file() -> None:
    override = json.dumps({"auths": {HOST: entry("of-variable")}}).encode()
    file = json.dumps({"auths": {HOST: entry("of-file"), "quay.io": entry("of-file")}}).encode()
    keychain = Keychain(CredentialSources(docker=DockerConfig(data=file, override=override)))

    assert user(keychain, auths={HOST: entry("of-secret")}) == "of-secret"
    assert user(keychain) == "of-variable"
    assert user(keychain, "quay.io/aa") == "of-file"
    assert user(keychain, "quay.io/aa", auths={HOST: entry("of-secret")}) == "of-file"
    assert user(keychain, "ghcr.io/aa") is None


def test_without_a_configuration_everybody_is_nobody() -> None:
    assert user(Keychain(None)) is None


def test_a_port_in_a_pull_secret_is_compared_as_written() -> None:
    keychain = Keychain(None)

    assert user(keychain, "registry.io:443/aa", auths={"registry.io:443": entry("a")}) == "a"
    assert user(keychain, "registry.io/aa", auths={"registry.io:443": entry("a")}) is None


def test_a_user_without_a_password_is_nobody_and_that_is_said() -> None:
    keychain = Keychain(CredentialSources(docker=docker_config({HOST: {"username": "alice"}})))

    found = keychain.find(repository(), access())

    assert found.credential is None
    assert found.warnings == (
        "/home/me/.docker/config.json has a user without a password for this registry, so nothing is sent",
    )


def test_warnings_come_with_the_credential_that_was_found_beside_them() -> None:
    keychain = Keychain(CredentialSources(docker=docker_config({HOST: entry(), "broken.io": 5})))

    assert keychain.find(repository(), access()).warnings == (
        "/home/me/.docker/config.json: the entry 'broken.io' is passed over: it is not a mapping",
    )
    assert keychain.find(repository("quay.io/aa"), access()).warnings == ()


def test_an_entry_for_docker_hub_that_flux_does_not_find_is_pointed_out() -> None:
    for_hub = access(auths={"docker.io": entry()})

    found = Keychain(None).find(repository("nginx"), for_hub)

    assert found.credential is None
    assert found.warnings == (
        "Secret default/pull has no entry that Flux uses for Docker Hub: its name is https://index.docker.io/v1/",
    )
    assert Keychain(None).find(repository("quay.io/org/app"), for_hub).warnings == ()
    assert Keychain(None).find(repository("nginx"), access(auths={"quay.io": entry()})).warnings == ()


def test_a_secret_is_read_once() -> None:
    keychain = Keychain(None)
    given = access(auths={HOST: entry()})

    assert keychain.find(repository(), given).credential is keychain.find(repository(), given).credential
