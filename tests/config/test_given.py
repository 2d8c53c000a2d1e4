"""What is given in the place of Secrets that are encrypted, or not in the repository."""

from __future__ import annotations

import json

import pytest

from imgupdate.config import give_secrets, load, registry_access
from imgupdate.config.model import Config, RegistryAccess
from imgupdate.errors import ConfigurationError
from imgupdate.results import Problem, Severity
from tests.config.test_access import AUTHS, ENCRYPTED, docker_secret, repository, repository_text, secret_text
from tests.config.tree import Tree, key, only_scope

ENTRY = b'{"username": "bot", "password": "word-of-the-bot"}'
WHOLE = json.dumps({"auths": {"ghcr.io": {"auth": "eDp5"}}}).encode()


def give(config: Config, **given: bytes) -> Config:
    return give_secrets(config, {name.replace("__", "/").replace("_", "-"): content for name, content in given.items()})


def access(config: Config) -> tuple[RegistryAccess, tuple[Problem, ...]]:
    return registry_access(*repository(config))


def tree(*secrets: str, fields: str = "secretRef: {name: login}") -> Config:
    return load(Tree({"flux.yaml": repository_text(fields), **{f"s{n}.yaml": text for n, text in enumerate(secrets)}}))


@pytest.mark.parametrize("name", ["flux_system__login", "login"])
@pytest.mark.parametrize("secret", [text for _, text in ENCRYPTED] + ["a: 1"])
def test_what_is_given_by_name_takes_the_place_of_a_secret_that_cannot_be_read(name: str, secret: str) -> None:
    config = give(tree(secret), **{name: WHOLE})

    found, problems = access(config)

    assert (found.docker_config, problems, config.problems) == (WHOLE, (), ())
    assert found.source == "Secret flux-system/login as given in registry-auth"


def test_what_is_given_goes_before_a_secret_in_plain_and_one_that_is_broken() -> None:
    broken = secret_text("login", "data: [no-mapping]")

    assert access(give(tree(docker_secret()), login=WHOLE))[0].docker_config == WHOLE
    assert access(give(tree(broken), login=WHOLE))[0].docker_config == WHOLE


def test_the_name_with_its_namespace_goes_first_and_that_of_another_namespace_is_none() -> None:
    both = give(tree(), login=b'{"auths": {"x": {}}}', flux_system__login=WHOLE)
    other = give(tree(docker_secret()), other__login=WHOLE)

    assert access(both)[0].docker_config == WHOLE
    assert json.loads(access(other)[0].docker_config) == AUTHS


def test_a_single_entry_is_for_the_registries_whose_images_refer_to_the_secret() -> None:
    second = (
        repository_text("secretRef: {name: login}")
        .replace("name: app", "name: web")
        .replace("ghcr.io/org/app", "nginx")
    )
    config = load(Tree({"flux.yaml": repository_text("secretRef: {name: login}"), "second.yaml": second}))

    found = give(config, login=ENTRY)

    scope = only_scope(found)
    for name in ("app", "web"):
        given, _ = registry_access(scope, scope.repositories[key(name)])
        assert json.loads(given.docker_config) == {
            "auths": dict.fromkeys(["ghcr.io", "index.docker.io"], json.loads(ENTRY))
        }


def test_a_secret_that_also_holds_a_certificate_keeps_it() -> None:
    pem = "-----BEGIN CERTIFICATE-----"
    config = tree(
        secret_text("login", f"stringData: {{ca.crt: {pem}}}"),
        fields="secretRef: {name: login}, certSecretRef: {name: login}",
    )

    found, _ = access(give(config, login=WHOLE))

    assert found.docker_config == WHOLE
    assert found.tls is not None
    assert found.tls.ca == pem.encode()


def test_native_configuration_names_its_secrets_without_a_namespace() -> None:
    native = "images: {app: {image: ghcr.io/org/app, policy: {alphabetical: {}}, secretRef: {name: login}}}"
    scope = only_scope(give(load(Tree({".github/imgupdate.yaml": native})), login=WHOLE))

    assert registry_access(scope, scope.repositories[key("app", "")])[0].docker_config == WHOLE


def test_what_is_given_and_no_image_repository_names_is_a_warning() -> None:
    config = give(tree(), login=WHOLE, flux_system__logn=WHOLE)

    (problem,) = config.problems
    assert problem.severity is Severity.WARNING
    assert problem.message == "the Secret 'flux-system/logn' is given, and no ImageRepository names it in secretRef"


def test_where_a_provider_is_named_no_secret_is_used_and_that_is_said() -> None:
    config = give(tree(fields="secretRef: {name: login}, provider: aws"), login=WHOLE)

    assert access(config)[0].docker_config == b""
    assert len(config.problems) == 1


def test_what_is_given_and_is_no_docker_configuration_is_an_error_that_names_the_input() -> None:
    with pytest.raises(ConfigurationError) as caught:
        access(give(tree(), login=b'{"auths": ["word-of-the-bot"]}'))

    assert "the Secret flux-system/login cannot be used" in caught.value.message
    assert caught.value.remedy == "correct registry-auth"
    assert "word-of-the-bot" not in str(caught.value)


def test_nothing_given_changes_nothing() -> None:
    config = tree(docker_secret())

    assert give_secrets(config, {}) is config
