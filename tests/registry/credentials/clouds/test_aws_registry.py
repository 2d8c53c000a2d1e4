"""ECR from the image's name to its tags: login, Basic or Bearer, and what each registry is shown."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import httpx
import pytest

from imgupdate.config.model import Provider
from imgupdate.errors import ScanError
from imgupdate.registry import CredentialSources, RegistryClient
from imgupdate.registry.credentials.clouds import CloudEnvironment, cloud_logins
from tests.registry.credentials.clouds.aws_support import ACCOUNT, KEYS, PRIVATE, PUBLIC
from tests.registry.support import (
    FakeClock,
    FakeRegistry,
    access,
    bearer,
    docker_config,
    entry,
    repository,
    tags_page,
    token,
    unauthorized,
)
from tests.twins.aws import AwsTwin

NAMED = replace(access(), provider=Provider.AWS)
BASIC = f'Basic realm="https://{PRIVATE}/",service="ecr.amazonaws.com"'


class Ecr:
    """ECR's registries: the private ones take the last password, the public one its tokens; both as documented."""

    def __init__(self, aws: AwsTwin) -> None:
        self._aws = aws
        self.registry = FakeRegistry(self._answer)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        shown = request.headers.get("authorization", "")
        right = [httpx.BasicAuth("AWS", password)._auth_header for password in self._aws.passwords[-1:]]
        if request.url.host == PUBLIC:
            return self._public(request, shown, right)
        return tags_page("1.0", "1.1") if shown in right else unauthorized(BASIC)

    def _public(self, request: httpx.Request, shown: str, right: list[str]) -> httpx.Response:
        if request.url.path == "/token/":
            return token("of-somebody" if shown in right else "of-nobody")
        if not shown.startswith("Bearer "):
            return unauthorized(bearer("aws", realm=f"https://{PUBLIC}/token/"))
        return tags_page("public", shown.removeprefix("Bearer "))


@pytest.fixture
def ecr(aws: AwsTwin) -> Ecr:
    return Ecr(aws)


@pytest.fixture
def client(ecr: Ecr, aws: AwsTwin, clock: FakeClock) -> Iterator[RegistryClient]:
    with made(ecr, {**aws.variables, **KEYS}, clock) as ours:
        yield ours


def made(ecr: Ecr, variables: dict[str, str], clock: FakeClock) -> RegistryClient:
    environment = CloudEnvironment.of(variables)
    sources = CredentialSources(clouds=cloud_logins(environment, clock), ambient=environment.ambient)
    return ecr.registry.client(clock=clock, credentials=sources)


def test_a_private_image_is_listed_with_the_login_of_the_named_cloud(client: RegistryClient, ecr: Ecr) -> None:
    listing = client.tags(repository(f"{PRIVATE}/team/app"), NAMED)

    assert listing.tags == ("1.0", "1.1")
    assert {request.url.host for request in ecr.registry.requests} == {PRIVATE}


def test_credentials_that_are_around_are_used_for_a_registry_of_aws(client: RegistryClient) -> None:
    assert client.tags(repository(f"{PRIVATE}/team/app"), access()).tags == ("1.0", "1.1")


def test_twenty_images_of_a_registry_cost_twenty_requests_and_one_token(
    client: RegistryClient, ecr: Ecr, aws: AwsTwin
) -> None:
    for number in range(20):
        client.tags(repository(f"{PRIVATE}/team/app-{number}"), NAMED)

    assert len(ecr.registry.requests) == 20
    assert aws.operations == ["GetAuthorizationToken"]


def test_a_host_that_only_looks_like_one_of_aws_is_shown_nothing_and_aws_is_not_asked(
    client: RegistryClient, ecr: Ecr, aws: AwsTwin
) -> None:
    for host in (f"{PRIVATE}.evil.example.com", f"evil.{PRIVATE}", "public.ecr.aws.evil.example.com"):
        with pytest.raises(ScanError):
            client.tags(repository(f"{host}/team/app"), access())
        with pytest.raises(ScanError, match="is none of them"):
            client.tags(repository(f"{host}/team/app"), NAMED)

    assert set(ecr.registry.shown) == {""}
    assert aws.requests == ()


def test_a_token_that_was_renewed_is_shown_instead_of_the_old_one(
    client: RegistryClient, aws: AwsTwin, clock: FakeClock
) -> None:
    client.tags(repository(f"{PRIVATE}/team/app"), NAMED)
    clock.pass_by(6 * 3600 + 1)

    assert client.tags(repository(f"{PRIVATE}/team/app"), NAMED).tags == ("1.0", "1.1")
    assert len(aws.passwords) == 2


def test_the_public_registry_is_read_with_the_login(client: RegistryClient) -> None:
    assert client.tags(repository(f"{PUBLIC}/team/app"), NAMED).tags == ("public", "of-somebody")


def test_the_public_registry_is_read_by_nobody_where_there_are_no_credentials(
    ecr: Ecr, aws: AwsTwin, clock: FakeClock
) -> None:
    with made(ecr, aws.variables, clock) as client:
        for given in (NAMED, access()):
            listing = client.tags(repository(f"{PUBLIC}/team/app"), given)

            assert listing.tags == ("public", "of-nobody")
            assert listing.warnings == ()

    assert not [header for header in ecr.registry.shown if header.startswith("Basic")]


def test_a_login_that_is_denied_names_the_image_and_the_missing_permission(
    client: RegistryClient, aws: AwsTwin
) -> None:
    aws.denials["GetAuthorizationToken"] = ("AccessDeniedException", "not authorized")

    with pytest.raises(ScanError) as caught:
        client.tags(repository(f"{PRIVATE}/team/app"), NAMED)

    assert caught.value.where == f"{PRIVATE}/team/app"
    assert "ecr:GetAuthorizationToken" in caught.value.remedy


def test_a_registry_of_another_account_is_shown_the_token_of_its_region(client: RegistryClient, aws: AwsTwin) -> None:
    for account in (ACCOUNT, "999999999999"):
        client.tags(repository(f"{account}.dkr.ecr.eu-central-1.amazonaws.com/app"), NAMED)

    assert aws.operations == ["GetAuthorizationToken"]


def test_what_is_stored_for_a_registry_goes_before_a_cloud_that_is_only_around(
    ecr: Ecr, aws: AwsTwin, clock: FakeClock
) -> None:
    environment = CloudEnvironment.of({**aws.variables, **KEYS})
    aws.passwords.append("stored")
    sources = CredentialSources(
        docker=docker_config({PRIVATE: entry("AWS", "stored")}),
        clouds=cloud_logins(environment, clock),
        ambient=environment.ambient,
    )
    with ecr.registry.client(clock=clock, credentials=sources) as client:
        assert client.tags(repository(f"{PRIVATE}/team/app"), access()).tags == ("1.0", "1.1")

    assert aws.requests == ()
