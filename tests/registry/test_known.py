"""What is known of registries beforehand."""

from __future__ import annotations

import pytest

from imgupdate.registry.known import credential_host, endpoint_of, known_registry


@pytest.mark.parametrize("name", ["docker.io", "index.docker.io", "registry-1.docker.io", "INDEX.docker.io:443"])
def test_all_names_of_docker_hub_are_one_registry(name: str) -> None:
    assert endpoint_of(name) == "registry-1.docker.io"
    assert credential_host(name) == "index.docker.io"


def test_a_host_is_compared_in_lower_case_and_without_the_usual_port() -> None:
    assert endpoint_of("GHCR.io:443") == credential_host("GHCR.io:443") == "ghcr.io"
    assert endpoint_of("ghcr.io:5000") == "ghcr.io:5000"


@pytest.mark.parametrize(
    ("endpoint", "realm", "page_size", "shared"),
    [
        ("registry-1.docker.io", "https://auth.docker.io/token", None, True),
        ("ghcr.io", "https://ghcr.io/token", 10_000, True),
        ("quay.io", "https://quay.io/v2/auth", 100, True),
        ("mine.azurecr.io", "https://mine.azurecr.io/oauth2/token", 1000, False),
        ("mine.azurecr.io.evil.example", "", 1000, False),
        ("gcr.io", "", 10_000, False),
        ("eu.gcr.io", "", 10_000, False),
        ("evil-gcr.io", "", 1000, False),
        ("europe-west1-docker.pkg.dev", "", 10_000, False),
        ("registry.example.com", "", 1000, False),
    ],
)
def test_hints_are_for_exactly_those_hosts(endpoint: str, realm: str, page_size: int | None, shared: bool) -> None:
    known = known_registry(endpoint)

    assert (known.realm, known.page_size, known.shared_tokens) == (realm, page_size, shared)


@pytest.mark.parametrize(
    ("endpoint", "basic"),
    [
        ("123456789012.dkr.ecr.eu-central-1.amazonaws.com", True),
        ("123456789012.dkr.ecr-fips.us-gov-west-1.amazonaws.com", True),
        ("123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn", True),
        ("123456789012.dkr-ecr.eu-west-1.on.aws", True),
        ("gcr.io", True),
        ("europe-west1-docker.pkg.dev", True),
        ("docker.europe-west1.rep.pkg.dev", True),
        ("public.ecr.aws", False),
        ("123456789012.dkr.ecr.eu-central-1.amazonaws.com.evil.example", False),
        ("evil-gcr.io", False),
        ("gcr.io:5000", False),
        ("registry.example.com", False),
    ],
)
def test_only_registries_that_take_a_user_at_once_are_shown_one_at_once(endpoint: str, basic: bool) -> None:
    assert known_registry(endpoint).basic is basic
