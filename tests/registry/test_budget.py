"""How many requests a task may take (spec/registry.md 11 and 2.6): counted, for each kind of registry."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from imgupdate.config.model import RegistryAccess
from imgupdate.images import Digest, Repository, Tag
from imgupdate.registry import RegistryClient
from imgupdate.registry.cache import CacheDirectory
from tests.registry.support import FakeClock, FakeRegistry, access, entry, errors, repository, tags_page, token
from tests.twins.registry import Basic, Bearer, Open, RegistryTwin

QUAY_PAGE = 100
DIGEST = "sha256:" + "0" * 64


def public(request: httpx.Request) -> httpx.Response:
    """A registry of the internet that gives tokens to everybody, and reads nothing without one."""
    if "/v2/" not in request.url.path or request.url.path == "/v2/auth":
        return token(",".join(request.url.params.get_list("scope")))
    name = request.url.path.removeprefix("/v2/").partition("/tags/")[0].partition("/manifests/")[0]
    if f"repository:{name}:pull" not in request.headers.get("authorization", ""):
        return errors(401, "UNAUTHORIZED")
    if request.method == "HEAD":
        return httpx.Response(200, headers={"Docker-Content-Digest": DIGEST})
    return tags_page("1.0")


def listed(client: RegistryClient, images: list[Repository], given: RegistryAccess) -> None:
    """List images as a run does: all are announced, then asked for at once."""
    client.prepare((image, given) for image in images)
    with ThreadPoolExecutor(8) as pool:
        assert {listing.tags for listing in pool.map(lambda image: client.tags(image, given), images)} == {("1.0",)}


@pytest.mark.parametrize("host", ["docker.io", "ghcr.io", "quay.io"])
def test_one_repository_with_a_known_token_server_takes_a_token_and_a_list(host: str) -> None:
    registry = FakeRegistry(public)
    with registry.client() as client:
        listed(client, [repository(f"{host}/team/app")], access())

    assert len(registry.requests) == 2


@pytest.mark.parametrize("host", ["docker.io", "ghcr.io", "quay.io"])
def test_twenty_repositories_that_one_token_opens_take_that_token_and_a_list_each(host: str) -> None:
    registry = FakeRegistry(public)
    with registry.client() as client:
        listed(client, [repository(f"{host}/team/app-{number}") for number in range(20)], access())

    assert len(registry.requests) == 21


def test_twenty_repositories_elsewhere_take_a_token_and_a_list_each_and_one_refusal_to_learn_from() -> None:
    with RegistryTwin(authentication=Bearer()) as twin, RegistryClient() as client:
        for number in range(20):
            twin.fill(f"team/app-{number}", ["1.0"])
        listed(client, [repository(f"{twin.host}/team/app-{number}") for number in range(20)], access())

        assert len(twin.requests) == 41


@pytest.mark.parametrize("host", ["123456789012.dkr.ecr.eu-west-1.amazonaws.com", "europe-docker.pkg.dev", "gcr.io"])
def test_a_registry_that_is_known_to_take_a_password_takes_one_request_a_repository(host: str) -> None:
    registry = FakeRegistry(lambda request: tags_page("1.0") if "authorization" in request.headers else errors(401))
    with registry.client() as client:
        listed(client, [repository(f"{host}/team/app-{number}") for number in range(20)], access(auths={host: entry()}))

    assert len(registry.requests) == 20


@pytest.mark.parametrize(("authentication", "requests"), [(Open(), 20), (Basic(), 21)])
def test_a_registry_without_tokens_takes_one_request_a_repository_and_a_refusal_if_it_wants_a_password(
    authentication: Open | Basic, requests: int
) -> None:
    with RegistryTwin(authentication=authentication) as twin, RegistryClient() as client:
        for number in range(20):
            twin.fill(f"team/app-{number}", ["1.0"])
        login = access(auths={twin.host: entry()})
        listed(client, [repository(f"{twin.host}/team/app-{number}") for number in range(20)], login)

        assert len(twin.requests) == requests


def test_a_thousand_tags_on_quay_take_a_token_and_ten_pages() -> None:
    def quay(request: httpx.Request) -> httpx.Response:
        if "/tags/" not in request.url.path:
            return public(request)
        first = int(request.url.params.get("last", "0"))
        following = first + QUAY_PAGE
        link = (
            f'<https://quay.io/v2/team/app/tags/list?n=100&last={following}>; rel="next"' if following < 1000 else None
        )
        return tags_page(*(f"{number:04}" for number in range(first, following)), link=link)

    registry = FakeRegistry(quay)
    with registry.client() as client:
        assert len(client.tags(repository("quay.io/team/app"), access()).tags) == 1000

    assert len(registry.requests) == 11


def test_the_digest_of_a_chosen_tag_takes_one_request_without_a_body() -> None:
    registry = FakeRegistry(public)
    with registry.client() as client:
        client.tags(repository("docker.io/team/app"), access())
        registry.requests.clear()
        assert client.digest(repository("docker.io/team/app"), Tag("1.0"), access()) == DIGEST

    assert [request.method for request in registry.requests] == ["HEAD"]


@pytest.mark.parametrize(("platforms", "requests"), [(("linux/amd64", "linux/arm64"), 3), ((), 2)])
def test_the_labels_of_a_tag_take_three_requests_at_most_and_one_once_its_digest_is_known(
    tmp_path: Path, platforms: tuple[str, ...], requests: int
) -> None:
    counts = []
    with RegistryTwin() as twin:
        twin.fill("app", ["1.0"])
        digest = twin.put_image("app", "1.0", {"l": "1"}, platforms=platforms)
        for identifier in (Tag("1.0"), Tag("1.0"), Digest(digest)):
            twin.forget_requests()
            with RegistryClient() as client:
                client.remember(CacheDirectory(tmp_path, clock=FakeClock()))
                assert client.metadata(repository(f"{twin.host}/app"), identifier, access()).labels == {"l": "1"}
            counts.append(len(twin.requests))

    assert counts == [requests, 1, 0]


def test_who_waits_for_the_same_token_does_not_ask_for_it_too() -> None:
    waiting = threading.Barrier(8, timeout=10)

    registry = FakeRegistry(public)
    image = repository("docker.io/team/app")
    with registry.client() as client, ThreadPoolExecutor(8) as pool:

        def ask(number: int) -> tuple[str, ...]:
            waiting.wait()
            return client.tags(image, access()).tags

        assert set(pool.map(ask, range(8))) == {("1.0",)}

    assert len([request for request in registry.requests if request.url.host == "auth.docker.io"]) == 1


def test_connections_are_used_again() -> None:
    with RegistryTwin(authentication=Bearer()) as twin, RegistryClient() as client:
        for number in range(10):
            twin.fill(f"app-{number}", ["1.0"])
            client.tags(repository(f"{twin.host}/app-{number}"), access())

        assert len(twin.requests) == 21
        # The first one was to find out whether the registry speaks TLS.
        assert twin.connections == 2
