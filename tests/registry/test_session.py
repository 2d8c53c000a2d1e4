"""Schemes and redirects: where a visit to a registry leads, and what it takes along."""

from __future__ import annotations

import ssl

import httpx
import pytest

from imgupdate.config.model import ClientTLS
from imgupdate.errors import ScanError
from imgupdate.images import Repository
from tests.registry.support import (
    FakeRegistry,
    access,
    bearer,
    entry,
    errors,
    one_by_one,
    repository,
    tags_page,
    token,
    unauthorized,
)

REFUSED = httpx.ConnectError("Connection refused")


def wrong_version() -> httpx.ConnectError:
    error = httpx.ConnectError("x")
    cause = ssl.SSLError(1, "wrong version number")
    cause.reason = "WRONG_VERSION_NUMBER"
    error.__cause__ = cause
    return error


def untrusted() -> httpx.ConnectError:
    error = httpx.ConnectError("x")
    cause = ssl.SSLCertVerificationError("certificate verify failed")
    cause.verify_message = "self-signed certificate"
    error.__cause__ = cause
    return error


def schemes(registry: FakeRegistry) -> list[str]:
    return [request.url.scheme for request in registry.requests]


class TestScheme:
    def test_https_is_all_that_is_tried_by_default(self) -> None:
        registry = FakeRegistry(one_by_one(*[REFUSED] * 4))

        with pytest.raises(ScanError, match=r"no connection to registry\.example\.com"):
            registry.client().tags(repository(), access())

        assert schemes(registry) == ["https"] * 4

    @pytest.mark.parametrize("image", ["localhost:5000/app", "127.0.0.1/app", "127.9.9.9/app", "192.168.1.5:5000/app"])
    @pytest.mark.parametrize("failure", [REFUSED, wrong_version(), httpx.ConnectTimeout("x")])
    def test_a_local_registry_is_spoken_to_without_tls_where_it_has_none(
        self, image: str, failure: httpx.ConnectError
    ) -> None:
        registry = FakeRegistry(one_by_one(failure, tags_page("1"), tags_page("2")))

        with registry.client() as client:
            assert client.tags(repository(image), access()).tags == ("1",)
            assert client.tags(repository(image), access()).tags == ("2",)

        assert schemes(registry) == ["https", "http", "http"]

    def test_an_insecure_registry_is_spoken_to_over_tls_where_it_has_that(self) -> None:
        registry = FakeRegistry(one_by_one(tags_page("1"), *[REFUSED] * 4))

        with registry.client() as client:
            client.tags(repository(), access(insecure=True))
            with pytest.raises(ScanError):
                client.tags(repository(), access(insecure=True))

        assert schemes(registry) == ["https"] * 5

    def test_an_insecure_registry_without_tls_is_sent_its_credentials(self) -> None:
        registry = FakeRegistry(one_by_one(REFUSED, unauthorized('Basic realm="x"'), tags_page("1")))

        registry.client().tags(repository(), access(insecure=True, auths={"registry.example.com": entry()}))

        assert schemes(registry) == ["https", "http", "http"]
        assert registry.shown[2].startswith("Basic ")

    def test_what_is_learned_where_insecure_is_allowed_is_not_believed_elsewhere(self) -> None:
        registry = FakeRegistry(
            one_by_one(
                REFUSED,
                unauthorized(bearer(realm="http://registry.example.com/token")),
                token("t1"),
                tags_page("1"),
                unauthorized(bearer(realm="http://registry.example.com/token")),
            )
        )
        alice = {"registry.example.com": entry()}

        with registry.client() as client:
            client.tags(repository(), access(insecure=True, auths=alice))
            with pytest.raises(ScanError, match="not https"):
                client.tags(repository(), access(auths=alice))

        assert schemes(registry) == ["https", "http", "http", "http", "https"]
        assert registry.shown[4] == ""

    def test_a_certificate_that_is_not_trusted_is_never_a_reason_to_go_without(self) -> None:
        registry = FakeRegistry(one_by_one(untrusted()))

        with pytest.raises(ScanError, match="not trusted"):
            registry.client().tags(repository(), access(insecure=True))

        assert schemes(registry) == ["https"]

    def test_a_token_server_that_is_down_is_no_reason_to_go_without(self) -> None:
        registry = FakeRegistry(one_by_one(unauthorized(bearer(realm="https://auth.example.com/t")), *[REFUSED] * 4))

        with pytest.raises(ScanError, match=r"no connection to auth\.example\.com"):
            registry.client().tags(repository(), access(insecure=True))

        assert schemes(registry) == ["https"] * 5

    def test_a_host_that_did_not_answer_is_tried_once_for_each_further_image(self) -> None:
        registry = FakeRegistry(one_by_one(*[REFUSED] * 5, tags_page("1"), *[REFUSED] * 4))

        with registry.client() as client:
            for _ in range(2):
                with pytest.raises(ScanError):
                    client.tags(repository(), access())
            client.tags(repository(), access())
            with pytest.raises(ScanError):
                client.tags(repository(), access())

        assert len(registry.requests) == 10

    def test_a_host_that_is_no_host_is_an_error(self) -> None:
        registry = FakeRegistry(one_by_one())

        with pytest.raises(ScanError, match="not a host that can be reached"):
            registry.client().tags(Repository(text="x", registry="[1:2:3]:5000", path="app"), access())


class TestRedirects:
    ELSEWHERE = "https://europe-west1-docker.pkg.dev/v2/k8s/images/app/tags/list"

    def test_what_is_ours_stays_behind(self) -> None:
        registry = FakeRegistry(
            one_by_one(
                unauthorized('Basic realm="x"'),
                httpx.Response(307, headers={"Location": self.ELSEWHERE}),
                tags_page("1"),
            )
        )

        listing = registry.client().tags(repository(), access(auths={"registry.example.com": entry()}))

        assert listing.tags == ("1",)
        assert [bool(shown) for shown in registry.shown] == [False, True, False]
        assert registry.public_only == [False, False, True]

    def test_a_client_certificate_stays_behind_and_the_authority_comes_along(self) -> None:
        tls = ClientTLS(ca=b"ca", certificate=b"certificate", key=b"key")
        registry = FakeRegistry(one_by_one(httpx.Response(307, headers={"Location": self.ELSEWHERE}), tags_page("1")))

        registry.client().tags(repository(), access(tls=tls))

        assert [network.tls for network in registry.networks] == [tls, ClientTLS(ca=b"ca")]

    def test_a_certificate_without_an_authority_leaves_nothing(self) -> None:
        tls = ClientTLS(certificate=b"certificate", key=b"key")
        registry = FakeRegistry(one_by_one(httpx.Response(307, headers={"Location": self.ELSEWHERE}), tags_page("1")))

        registry.client().tags(repository(), access(tls=tls))

        assert registry.networks[1].tls is None

    def test_where_we_are_sent_a_token_is_had_as_nobody(self) -> None:
        registry = FakeRegistry(
            one_by_one(
                httpx.Response(307, headers={"Location": self.ELSEWHERE}),
                unauthorized(bearer("repository:k8s/images/app:pull", "https://europe-west1-docker.pkg.dev/v2/token")),
                token("t1"),
                tags_page("1", link="</v2/wrong/tags/list?last=1>; rel=next"),
                tags_page("2"),
            )
        )

        listing = registry.client().tags(repository(), access(auths={"registry.example.com": entry()}))

        assert listing.tags == ("1", "2")
        assert registry.shown == ["", "", "", "Bearer t1", "Bearer t1"]
        assert registry.public_only == [False, True, True, True, True]
        assert registry.asked[4] == f"GET {self.ELSEWHERE}?last=1"

    def test_a_redirect_to_the_registry_itself_is_shown_the_user(self) -> None:
        registry = FakeRegistry(
            one_by_one(
                unauthorized('Basic realm="x"'),
                httpx.Response(301, headers={"Location": "/v2/team/new/tags/list"}),
                tags_page("1"),
            )
        )

        registry.client().tags(repository(), access(auths={"registry.example.com": entry()}))

        assert [bool(shown) for shown in registry.shown] == [False, True, True]

    @pytest.mark.parametrize(
        ("location", "words"),
        [
            ("http://registry.example.com/v2/team/app/tags/list", "plain http"),
            ("https://169.254.169.254/latest/meta-data", "private network"),
        ],
    )
    def test_a_redirect_that_is_refused_is_not_followed(self, location: str, words: str) -> None:
        registry = FakeRegistry(one_by_one(httpx.Response(302, headers={"Location": location})))

        with pytest.raises(ScanError, match=words):
            registry.client().tags(repository(), access())

        assert len(registry.requests) == 1

    def test_a_private_registry_may_lead_into_its_network(self) -> None:
        registry = FakeRegistry(
            one_by_one(httpx.Response(302, headers={"Location": "https://10.0.0.8/v2/app/tags/list"}), tags_page("1"))
        )

        registry.client().tags(repository("10.0.0.7:5000/app"), access())

        assert registry.public_only == [False, False]

    def test_redirects_end(self) -> None:
        registry = FakeRegistry(lambda _: httpx.Response(302, headers={"Location": "/v2/team/app/tags/list"}))

        with pytest.raises(ScanError, match="redirects more than 5 times"):
            registry.client().tags(repository(), access())

        assert len(registry.requests) == 6

    def test_a_refusal_elsewhere_names_that_host_and_not_our_credentials(self) -> None:
        registry = FakeRegistry(
            one_by_one(httpx.Response(307, headers={"Location": self.ELSEWHERE}), errors(403, "DENIED"))
        )

        with pytest.raises(ScanError, match=r"europe-west1-docker\.pkg\.dev refuses access .* without credentials"):
            registry.client().tags(repository(), access(auths={"registry.example.com": entry()}))


def test_what_a_registry_has_to_say_is_passed_on_once() -> None:
    said = '299 - "this registry \\"moves\\"\x07 in May"'
    registry = FakeRegistry(
        one_by_one(tags_page("1", Warning=said), tags_page("1", Warning=said), tags_page("1", Warning='199 - "x"'))
    )

    with registry.client() as client:
        listings = [client.tags(repository(), access()) for _ in range(3)]

    assert [listing.warnings for listing in listings] == [
        ('registry.example.com says: this registry "moves" in May',),
        (),
        (),
    ]


def test_a_registry_that_echoes_the_password_has_it_hidden() -> None:
    said = '299 - "welcome back, secret-of-alice"'
    registry = FakeRegistry(one_by_one(tags_page("1", Warning=said)))
    shown = {"registry.example.com": {"username": "alice", "password": "secret-of-alice"}}

    with registry.client() as client:
        listing = client.tags(repository(), access(auths=shown))

    assert "welcome back, ***" in listing.warnings[0]
