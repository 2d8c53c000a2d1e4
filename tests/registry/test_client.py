"""How many requests things cost, with a registry that counts; and what many threads do to it."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from imgupdate.errors import ScanError
from imgupdate.images import Tag
from imgupdate.registry import CredentialSources, RegistryClient
from imgupdate.registry.clock import OutOfTime
from tests.registry.support import (
    FakeClock,
    FakeRegistry,
    access,
    docker_config,
    entry,
    one_by_one,
    repository,
    tags_page,
    token,
)
from tests.twins.registry import Basic, Bearer, Fault, NumberedTags, RegistryTwin, error_body

NAMES = [f"team/app-{n:02}" for n in range(20)]


@pytest.fixture
def client() -> Iterator[RegistryClient]:
    with RegistryClient(clock=FakeClock(), jitter=lambda: 0.0) as ours:
        yield ours


def filled(registry: RegistryTwin) -> RegistryTwin:
    for name in NAMES:
        registry.fill(name, ["1.0", "1.1"])
    registry.forget_requests()
    return registry


def client_of_alice(registry: RegistryTwin) -> RegistryClient:
    return RegistryClient(
        credentials=CredentialSources(docker=docker_config({registry.host: entry()})), clock=FakeClock()
    )


def targets(registry: RegistryTwin) -> Counter[str]:
    return Counter(request.target for request in registry.requests)


class TestRequests:
    def test_an_open_registry_is_asked_once_for_each_repository(self, client: RegistryClient) -> None:
        with RegistryTwin() as registry:
            filled(registry)
            for name in NAMES:
                assert client.tags(repository(f"{registry.host}/{name}"), access()).tags == ("1.0", "1.1")

            assert targets(registry) == Counter(f"GET /v2/{name}/tags/list" for name in NAMES)

    def test_an_open_registry_is_asked_once_for_each_page(self, client: RegistryClient) -> None:
        with RegistryTwin(page_size=100) as registry:
            registry.fill("team/app", NumberedTags(950))

            assert len(client.tags(repository(f"{registry.host}/team/app"), access()).tags) == 950
            assert len(registry.requests) == 10

    def test_a_digest_is_one_request(self, client: RegistryClient) -> None:
        with RegistryTwin() as registry:
            filled(registry)
            digest = client.digest(repository(f"{registry.host}/{NAMES[0]}"), Tag("1.0"), access())

            assert digest == registry.digest(NAMES[0], "1.0")
            assert [request.target for request in registry.requests] == [f"HEAD /v2/{NAMES[0]}/manifests/1.0"]

    def test_a_digest_that_the_headers_lack_is_two_requests(self, client: RegistryClient) -> None:
        with RegistryTwin(digest_header=False) as registry:
            filled(registry)
            digest = client.digest(repository(f"{registry.host}/{NAMES[0]}"), Tag("1.0"), access())

            assert digest == registry.digest(NAMES[0], "1.0")
            assert [request.method for request in registry.requests] == ["HEAD", "GET"]

    def test_a_registry_with_basic_authentication_costs_one_request_more_in_all(self) -> None:
        with RegistryTwin(authentication=Basic()) as registry, client_of_alice(registry) as client:
            filled(registry)
            for name in NAMES:
                client.tags(repository(f"{registry.host}/{name}"), access())

            assert len(registry.requests) == 20 + 1

    def test_a_registry_with_tokens_costs_a_token_for_each_repository_and_one_request_more_in_all(self) -> None:
        with RegistryTwin(authentication=Bearer(username="alice", password="secret-of-alice")) as registry:
            filled(registry)
            with client_of_alice(registry) as client:
                for name in NAMES:
                    client.tags(repository(f"{registry.host}/{name}"), access())
                    client.digest(repository(f"{registry.host}/{name}"), Tag("1.0"), access())

            counted = targets(registry)
            assert counted["GET /token"] == 20
            assert counted.total() == 20 + 20 + 20 + 1

    @pytest.mark.parametrize("image", ["ghcr.io/team/app-{}", "quay.io/team/app-{}", "team/app-{}"])
    def test_registries_that_allow_it_are_asked_for_one_token_for_many(self, image: str) -> None:
        registry = FakeRegistry(
            lambda request: (
                token("all") if "/token" in str(request.url) or "auth" in str(request.url) else tags_page("1")
            )
        )
        images = [(repository(image.format(n)), access()) for n in range(20)]

        with registry.client() as client:
            client.prepare(images)
            for pair in images:
                client.tags(*pair)

        assert len(registry.requests) == 20 + 1
        assert len(registry.requests[0].url.params.get_list("scope")) == 20

    def test_other_registries_are_asked_for_a_token_for_each(self) -> None:
        with RegistryTwin(authentication=Bearer(first_scope_only=True)) as registry, RegistryClient() as client:
            filled(registry)
            images = [(repository(f"{registry.host}/{name}"), access()) for name in NAMES]
            client.prepare(images)
            for pair in images:
                client.tags(*pair)

            assert targets(registry)["GET /token"] == 20

    def test_images_of_different_users_do_not_share_a_token(self) -> None:
        registry = FakeRegistry(lambda request: token("t") if "/token" in str(request.url) else tags_page("1"))
        images = [
            (repository(f"ghcr.io/team/app-{n}"), access(auths={"ghcr.io": entry(f"user-{n % 2}")})) for n in range(4)
        ]

        with registry.client() as client:
            client.prepare(images)
            for pair in images:
                client.tags(*pair)

        tokens = [r for r in registry.requests if r.url.path == "/token"]
        assert [request.url.params.get_list("scope") for request in tokens] == [
            ["repository:team/app-0:pull", "repository:team/app-2:pull"],
            ["repository:team/app-1:pull", "repository:team/app-3:pull"],
        ]
        assert len({request.headers["authorization"] for request in tokens}) == 2

    def test_what_is_wrong_with_an_image_is_not_told_before_it_is_read(self, client: RegistryClient) -> None:
        broken = (repository(), access(auths={"x": 1}).__class__(docker_config=b"not JSON", source="Secret a/b"))
        client.prepare([broken])

        with pytest.raises(ScanError, match="Secret a/b"):
            client.tags(*broken)


class TestThreads:
    def test_many_threads_find_out_together_what_a_registry_wants(self) -> None:
        with RegistryTwin(authentication=Basic(), latency=0.02) as registry, client_of_alice(registry) as client:
            filled(registry)
            with ThreadPoolExecutor(20) as pool:
                listings = list(pool.map(lambda n: client.tags(repository(f"{registry.host}/{n}"), access()), NAMES))

            assert all(listing.tags == ("1.0", "1.1") for listing in listings)
            assert len(registry.requests) == 20 + 1

    def test_many_threads_that_want_one_token_ask_for_it_once(self) -> None:
        with RegistryTwin(authentication=Bearer(), latency=0.02) as registry, RegistryClient() as client:
            filled(registry)
            image = repository(f"{registry.host}/{NAMES[0]}")
            with ThreadPoolExecutor(20) as pool:
                list(pool.map(lambda _: client.tags(image, access()), range(20)))

            assert targets(registry)["GET /token"] == 1
            assert len(registry.requests) == 20 + 2

    def test_a_token_that_ends_meanwhile_is_replaced_once_for_all(self) -> None:
        with RegistryTwin(authentication=Bearer(), latency=0.02) as registry, RegistryClient() as client:
            filled(registry)
            image = repository(f"{registry.host}/{NAMES[0]}")
            client.tags(image, access())
            registry.expire_tokens()
            registry.forget_requests()
            start = threading.Barrier(10)

            def list_again(_: int) -> int:
                start.wait(30)
                return len(client.tags(image, access()).tags)

            with ThreadPoolExecutor(10) as pool:
                assert set(pool.map(list_again, range(10))) == {2}
            assert targets(registry)["GET /token"] == 1

    def test_a_failure_of_the_first_is_not_that_of_all(self) -> None:
        with RegistryTwin(latency=0.02) as registry, RegistryClient(jitter=lambda: 0.0) as client:
            filled(registry)
            registry.inject(Fault(status=404, body=error_body("NAME_UNKNOWN")))

            def attempt(name: str) -> bool:
                try:
                    client.tags(repository(f"{registry.host}/{name}"), access())
                except ScanError:
                    return False
                return True

            with ThreadPoolExecutor(20) as pool:
                assert sorted(pool.map(attempt, NAMES)) == [False] + [True] * 19

    def test_a_429_holds_up_everybody_and_nobody_fails(self) -> None:
        with RegistryTwin(latency=0.005) as registry, RegistryClient(jitter=lambda: 0.0) as client:
            filled(registry)
            registry.inject(Fault(status=429, headers={"Retry-After": "0"}, times=3))
            with ThreadPoolExecutor(20) as pool:
                listings = list(pool.map(lambda n: client.tags(repository(f"{registry.host}/{n}"), access()), NAMES))

            assert all(len(listing.tags) == 2 for listing in listings)


class Hesitant:
    """A registry that answers its first request when it is told to."""

    def __init__(self) -> None:
        self.asked = threading.Event()
        self.go_on = threading.Event()
        self.registry = FakeRegistry(self.answer)

    def answer(self, request: httpx.Request) -> httpx.Response:
        if not self.asked.is_set():
            self.asked.set()
            assert self.go_on.wait(30)
        return tags_page("1")


class TestWaitingForTheFirst:
    @pytest.mark.parametrize("host", ["registry.example.com", "127.0.0.1:5000"])
    def test_who_waits_for_the_first_goes_on_when_it_is_done(self, host: str) -> None:
        hesitant = Hesitant()
        with hesitant.registry.client() as client, ThreadPoolExecutor(5) as pool:
            first = pool.submit(client.tags, repository(f"{host}/team/app"), access())
            hesitant.asked.wait(30)
            others = [pool.submit(client.tags, repository(f"{host}/team/app"), access()) for _ in range(4)]
            threading.Event().wait(0.05)
            held_up = len(hesitant.registry.requests)
            hesitant.go_on.set()

            assert [future.result().tags for future in (first, *others)] == [("1",)] * 5
        assert held_up == 1

    @pytest.mark.parametrize("host", ["registry.example.com", "127.0.0.1:5000"])
    def test_who_waits_for_the_first_waits_no_longer_than_the_deadline(self, host: str) -> None:
        hesitant = Hesitant()
        with hesitant.registry.client() as client, ThreadPoolExecutor(1) as pool:
            first = pool.submit(client.tags, repository(f"{host}/team/app"), access())
            hesitant.asked.wait(30)

            with pytest.raises(OutOfTime, match=r"within 0\.05 s"):
                client.tags(repository(f"{host}/team/app"), access(timeout=0.05))

            hesitant.go_on.set()
            assert first.result().tags == ("1",)


class TestTrouble:
    """The list of the issue, against a server that really misbehaves."""

    @pytest.mark.parametrize(
        ("fault", "words"),
        [
            (Fault(status=401), "refuses access to the image without credentials: it answered 401 Unauthorized"),
            (
                Fault(status=403, body=error_body("DENIED")),
                "refuses access to the image without credentials: .*403 DENIED",
            ),
            (Fault(status=404, body=error_body("NAME_UNKNOWN")), "has no such image, or none that may be read"),
            (Fault(status=429, headers={"Retry-After": "7200"}), "too many requests .* until .* UTC; log in"),
            (Fault(status=500), "failed: it answered 500 Internal Server Error"),
            (
                Fault(status=200, headers={"Content-Type": "text/html"}, body=b"<html>"),
                "something other than a list of tags",
            ),
            (Fault(status=200, body=b'{"name": "x", "tags": ["1'), "not JSON, or not all of it"),
        ],
    )
    def test_a_registry_that_fails_is_a_clear_message(self, client: RegistryClient, fault: Fault, words: str) -> None:
        with RegistryTwin() as registry:
            registry.fill("team/app", ["1.0"])
            registry.inject(*[fault] * 9)

            with pytest.raises(ScanError, match=words) as caught:
                client.tags(repository(f"{registry.host}/team/app"), access())

        assert str(caught.value).startswith(f"{registry.host}/team/app: ")
        assert caught.value.remedy

    def test_a_million_tags_are_a_clear_message(self, client: RegistryClient) -> None:
        with RegistryTwin() as registry:
            registry.fill("team/app", NumberedTags(1_000_000))

            with pytest.raises(ScanError, match="more than 200000 tags"):
                client.tags(repository(f"{registry.host}/team/app"), access())

            assert len(registry.requests) == 201

    def test_tags_that_are_none_are_left_out(self, client: RegistryClient) -> None:
        with RegistryTwin() as registry:
            registry.fill("team/app", ["1.0", "not a tag", "-x", "sha256:" + "a" * 64])

            listing = client.tags(repository(f"{registry.host}/team/app"), access())

        assert listing.tags == ("1.0",)
        assert listing.warnings == ("the registry lists 3 entries that are not tags; left out",)

    def test_a_link_to_itself_is_a_clear_message(self, client: RegistryClient) -> None:
        with RegistryTwin(link=lambda page: f'</v2/{page.repository}/tags/list?n=1000>; rel="next"') as registry:
            registry.fill("team/app", ["1.0"])

            with pytest.raises(ScanError, match="next page is one that it sent before"):
                client.tags(repository(f"{registry.host}/team/app"), access())

            assert len(registry.requests) == 1

    def test_a_link_to_another_host_stays_with_the_registry(self, client: RegistryClient) -> None:
        with (
            RegistryTwin() as stranger,
            RegistryTwin(
                page_size=2,
                link=lambda page: f"<{stranger.url}/v2/x?{page.next_query}>;rel=next" if page.next_query else None,
            ) as registry,
        ):
            registry.fill("team/app", ["1", "2", "3"])

            assert client.tags(repository(f"{registry.host}/team/app"), access()).tags == ("1", "2", "3")
            assert stranger.requests == ()

    def test_a_redirect_takes_no_credentials_along(self) -> None:
        with RegistryTwin() as stranger, RegistryTwin(authentication=Basic()) as registry:
            stranger.fill("moved/app", ["1.0"])
            with client_of_alice(registry) as client:
                registry.fill("team/app", ["0.9"])
                client.tags(repository(f"{registry.host}/team/app"), access())
                moved = f"{stranger.url}/v2/moved/app/tags/list"
                registry.inject(Fault(status=307, headers={"Location": moved}))

                assert client.tags(repository(f"{registry.host}/team/app"), access()).tags == ("1.0",)

        assert "authorization" in registry.requests[-1].headers
        assert all("authorization" not in request.headers for request in stranger.requests)

    def test_wrong_credentials_are_named_by_their_source(self) -> None:
        with RegistryTwin(authentication=Basic()) as registry:
            config = docker_config({registry.host: entry("alice", "wrong-password")})
            with (
                RegistryClient(credentials=CredentialSources(docker=config)) as client,
                pytest.raises(ScanError, match=r"the credentials of /home/me/\.docker/config\.json") as caught,
            ):
                client.tags(repository(f"{registry.host}/team/app"), access())

        assert "wrong-password" not in str(caught.value)

    def test_an_identity_token_opens_a_registry(self) -> None:
        bearer = Bearer(username="alice", password="x", identity_token="identity")
        with RegistryTwin(authentication=bearer) as registry:
            registry.fill("team/app", ["1.0"])
            config = docker_config({registry.host: {"identitytoken": "identity"}})
            with RegistryClient(credentials=CredentialSources(docker=config)) as client:
                assert client.tags(repository(f"{registry.host}/team/app"), access()).tags == ("1.0",)

            assert [request.target for request in registry.requests][1] == "POST /token"


def test_a_client_can_be_closed_and_used_again() -> None:
    registry = FakeRegistry(one_by_one(tags_page("1"), httpx.Response(200, json={"tags": ["2"]})))
    client = registry.client()

    client.tags(repository(), access())
    client.close()

    assert client.tags(repository(), access()).tags == ("2",)
