"""What is shown to a registry, when it is shown again, and when it is not."""

from __future__ import annotations

import base64

import httpx
import pytest

from imgupdate.config.model import ClientTLS
from imgupdate.errors import ScanError
from imgupdate.images import Tag
from imgupdate.registry import CredentialSources
from tests.registry.support import (
    FakeClock,
    FakeRegistry,
    access,
    bearer,
    docker_config,
    entry,
    errors,
    one_by_one,
    repository,
    tags_page,
    token,
    unauthorized,
)

LIST = "GET https://registry.example.com/v2/team/app/tags/list?n=1000"
TOKEN = "GET https://registry.example.com/token?service=registry&scope=repository%3Ateam%2Fapp%3Apull"
ALICE = {"registry.example.com": entry()}
BASIC = "Basic " + base64.b64encode(b"alice:secret-of-alice").decode()


def test_a_bearer_challenge_is_answered_with_a_token() -> None:
    registry = FakeRegistry(one_by_one(unauthorized(bearer()), token("t1"), tags_page("1")))

    assert registry.client().tags(repository(), access()).tags == ("1",)

    assert registry.asked == [LIST, TOKEN, LIST]
    assert registry.shown == ["", "", "Bearer t1"]


def test_the_user_goes_to_the_token_server_and_the_token_to_the_registry() -> None:
    registry = FakeRegistry(one_by_one(unauthorized(bearer()), token("t1"), tags_page("1")))

    registry.client().tags(repository(), access(auths=ALICE))

    assert registry.shown == ["", BASIC, "Bearer t1"]


def test_a_basic_challenge_is_answered_with_the_user() -> None:
    registry = FakeRegistry(one_by_one(unauthorized('Basic realm="x"'), tags_page("1"), tags_page("2")))

    with registry.client() as client:
        client.tags(repository(), access(auths=ALICE))
        client.tags(repository("registry.example.com/team/other"), access(auths=ALICE))

    assert registry.shown == ["", BASIC, BASIC]


def test_of_two_challenges_the_token_is_taken() -> None:
    registry = FakeRegistry(one_by_one(unauthorized(f'{bearer()}, Basic realm="x"'), token("t1"), tags_page("1")))

    registry.client().tags(repository(), access(auths=ALICE))

    assert registry.shown == ["", BASIC, "Bearer t1"]


def test_where_the_token_server_is_refused_the_user_is_shown_if_that_is_offered() -> None:
    challenge = bearer(realm="http://registry.example.com/token")
    registry = FakeRegistry(one_by_one(unauthorized(challenge, 'Basic realm="x"'), tags_page("1")))

    registry.client().tags(repository(), access(auths=ALICE))

    assert registry.shown == ["", BASIC]


@pytest.mark.parametrize(
    ("realm", "words"),
    [
        ("http://registry.example.com/token", "not https"),
        ("https://169.254.169.254/token", "private network"),
        ("https://[", "not a web address"),
        ("https://[::1/token", "not a web address"),
    ],
)
def test_a_token_server_that_may_not_be_asked_is_not(realm: str, words: str) -> None:
    registry = FakeRegistry(one_by_one(unauthorized(bearer(realm=realm))))

    with pytest.raises(ScanError, match=words):
        registry.client().tags(repository(), access(auths=ALICE))

    assert len(registry.requests) == 1


def test_a_relative_realm_is_of_the_registry() -> None:
    registry = FakeRegistry(one_by_one(unauthorized(bearer(realm="/token")), token(), tags_page("1")))

    registry.client().tags(repository(), access())

    assert registry.asked[1] == TOKEN


def test_a_stranger_who_is_named_as_token_server_is_shown_nobody_and_that_is_said() -> None:
    challenge = bearer(realm="https://evil.example/token")
    registry = FakeRegistry(one_by_one(unauthorized(challenge), token("t1"), tags_page("1")))

    listing = registry.client().tags(repository(), access(auths=ALICE))

    assert registry.shown == ["", "", "Bearer t1"]
    assert registry.public_only == [False, True, False]
    (warning,) = listing.warnings
    assert "not sent to the token server evil.example" in warning


def test_a_stranger_who_is_named_as_token_server_sees_no_client_certificate() -> None:
    tls = ClientTLS(ca=b"ca", certificate=b"certificate", key=b"key")
    challenges = [bearer(realm=f"https://{host}/token") for host in ("evil.example", "registry.example.com")]
    registry = FakeRegistry(
        one_by_one(
            *(unauthorized(challenges[0]), token("t1"), tags_page("1")),
            *(unauthorized(challenges[1]), token("t2"), tags_page("1")),
        )
    )

    with registry.client() as client:
        client.tags(repository(), access(tls=tls))
        client.tags(repository(), access(tls=tls))

    assert [network.tls for network in registry.networks] == [tls, ClientTLS(ca=b"ca"), tls, tls, tls, tls]


def test_a_stranger_who_is_named_as_token_server_is_told_when_access_fails() -> None:
    challenge = bearer(realm="https://evil.example/token")
    registry = FakeRegistry(one_by_one(unauthorized(challenge), token("t1"), errors(403, "DENIED")))

    with pytest.raises(ScanError, match=r"without credentials \(the credentials were not sent .* evil\.example"):
        registry.client().tags(repository(), access(auths=ALICE))


def test_a_token_server_that_the_user_allows_is_shown_the_user() -> None:
    challenge = bearer(realm="https://gitlab.example.com/jwt/auth")
    registry = FakeRegistry(one_by_one(unauthorized(challenge), token("t1"), tags_page("1")))

    client = registry.client(allowed_realms=frozenset({"gitlab.example.com"}))

    assert client.tags(repository(), access(auths=ALICE)).warnings == ()
    assert registry.shown[1] == BASIC


def test_a_second_refusal_is_the_last() -> None:
    registry = FakeRegistry(
        one_by_one(unauthorized(bearer("other:scope:pull")), token("t1"), unauthorized(bearer("third:scope:pull")))
    )

    with pytest.raises(ScanError, match="refuses access to the image without credentials: it answered 401"):
        registry.client().tags(repository(), access())

    assert len(registry.requests) == 3


def test_credentials_that_a_registry_rejects_are_named_and_not_left_out_silently() -> None:
    registry = FakeRegistry(one_by_one(unauthorized('Basic realm="x"'), unauthorized('Basic realm="x"')))

    with pytest.raises(ScanError, match="refuses access to the image with the credentials of Secret default/pull") as e:
        registry.client().tags(repository(), access(auths=ALICE))

    assert "docker login registry.example.com" in e.value.remedy
    assert registry.shown == ["", BASIC]


def test_credentials_that_the_token_server_rejects_are_named_and_not_left_out_silently() -> None:
    registry = FakeRegistry(one_by_one(unauthorized(bearer()), errors(401, "UNAUTHORIZED")))

    with pytest.raises(ScanError, match="refuses the credentials of Secret default/pull"):
        registry.client().tags(repository(), access(auths=ALICE))

    assert len(registry.requests) == 2


def test_the_scope_of_the_challenge_is_asked_for_before_our_own() -> None:
    registry = FakeRegistry(one_by_one(unauthorized(bearer("*")), token(), tags_page("1")))

    registry.client().tags(repository(), access())

    assert registry.requests[1].url.params.get_list("scope") == ["*", "repository:team/app:pull"]


def test_a_token_that_has_ended_for_the_registry_is_replaced() -> None:
    registry = FakeRegistry(
        one_by_one(
            unauthorized(bearer()),
            token("t1"),
            tags_page("1"),
            unauthorized(bearer()),
            token("t2"),
            httpx.Response(200, headers={"Docker-Content-Digest": "sha256:" + "a" * 64}),
        )
    )

    with registry.client() as client:
        client.tags(repository(), access())
        client.digest(repository(), Tag("1"), access())

    assert registry.shown == ["", "", "Bearer t1", "Bearer t1", "", "Bearer t2"]


def test_a_token_that_has_ended_for_us_is_replaced_before_it_is_shown() -> None:
    clock = FakeClock()
    registry = FakeRegistry(
        one_by_one(unauthorized(bearer()), token("t1"), tags_page("1"), token("t2"), tags_page("1"))
    )

    with registry.client(clock=clock) as client:
        client.tags(repository(), access())
        clock.pass_by(296)
        client.tags(repository(), access())

    assert registry.shown == ["", "", "Bearer t1", "", "Bearer t2"]


def test_a_403_for_a_token_of_before_is_tried_once_with_a_fresh_one() -> None:
    registry = FakeRegistry(
        one_by_one(
            unauthorized(bearer()),
            token("t1"),
            tags_page("1"),
            errors(403, "DENIED"),
            token("t2"),
            errors(403, "DENIED"),
        )
    )

    with registry.client() as client:
        client.tags(repository(), access())
        with pytest.raises(ScanError, match="403 DENIED"):
            client.tags(repository(), access())

    assert registry.shown[3:] == ["Bearer t1", "", "Bearer t2"]


def test_a_403_for_a_fresh_token_is_final() -> None:
    registry = FakeRegistry(one_by_one(unauthorized(bearer()), token("t1"), errors(403, "DENIED")))

    with pytest.raises(ScanError, match="403 DENIED"):
        registry.client().tags(repository(), access())


@pytest.mark.parametrize(
    "answer",
    [
        errors(403, "DENIED", "Your authorization token has expired. Reauthenticate and try again."),
        errors(400, "DENIED", "Your Authorization Token is invalid."),
    ],
)
def test_an_answer_that_calls_the_token_expired_is_tried_once_with_a_fresh_one(answer: httpx.Response) -> None:
    """The public registry of Amazon answers 400, its private one 403."""
    registry = FakeRegistry(
        one_by_one(unauthorized(bearer()), token("t1"), tags_page("1"), answer, token("t2"), tags_page("2"))
    )

    with registry.client() as client:
        client.tags(repository(), access())
        assert client.tags(repository(), access()).tags == ("2",)


def test_a_400_about_something_else_is_final() -> None:
    registry = FakeRegistry(
        one_by_one(unauthorized(bearer()), token("t1"), tags_page("1"), errors(400, "DENIED", "no such page"))
    )

    with registry.client() as client:
        client.tags(repository(), access())
        with pytest.raises(ScanError, match="400 DENIED"):
            client.tags(repository(), access())


def test_a_403_without_any_token_is_final() -> None:
    registry = FakeRegistry(one_by_one(errors(403, "DENIED", "token is expired")))

    with pytest.raises(ScanError, match="403 DENIED"):
        registry.client().tags(repository(), access())


def test_a_fresh_token_for_just_this_is_not_fetched_twice() -> None:
    """Docker Hub gives tokens for images that are private or not there, and then answers 401."""
    challenge = bearer(realm="https://auth.docker.io/token", scope="repository:library/nothing:pull")
    registry = FakeRegistry(
        one_by_one(token("t1"), unauthorized(challenge.replace('"registry"', '"registry.docker.io"')))
    )

    with pytest.raises(ScanError, match=r"registry-1\.docker\.io refuses access") as caught:
        registry.client().tags(repository("nothing"), access())

    assert len(registry.requests) == 2
    assert "docker login docker.io" in caught.value.remedy


def test_a_registry_token_is_shown_as_it_is() -> None:
    registry = FakeRegistry(one_by_one(tags_page("1")))

    registry.client().tags(repository(), access(auths={"registry.example.com": {"registrytoken": "given"}}))

    assert registry.shown == ["Bearer given"]


def test_a_registry_token_that_is_rejected_is_final() -> None:
    registry = FakeRegistry(one_by_one(unauthorized(bearer())))

    with pytest.raises(ScanError, match="with the credentials of Secret default/pull"):
        registry.client().tags(repository(), access(auths={"registry.example.com": {"registrytoken": "given"}}))


def test_a_refusal_without_a_challenge_is_followed_by_one_ping_a_host() -> None:
    registry = FakeRegistry(
        one_by_one(
            httpx.Response(401),
            unauthorized(bearer()),
            token("t1"),
            tags_page("1"),
            token("t2"),
            httpx.Response(401),
        )
    )

    with registry.client() as client:
        client.tags(repository(), access())
        with pytest.raises(ScanError, match="401"):
            client.tags(repository("registry.example.com/team/other"), access())

    assert registry.asked[1] == "GET https://registry.example.com/v2/"
    assert len(registry.requests) == 6


def test_a_ping_that_explains_nothing_ends_it() -> None:
    registry = FakeRegistry(one_by_one(httpx.Response(401), httpx.Response(200)))

    with pytest.raises(ScanError, match="401"):
        registry.client().tags(repository(), access())


def test_a_challenge_without_a_realm_is_none() -> None:
    registry = FakeRegistry(one_by_one(unauthorized("Bearer"), unauthorized("Bearer"), unauthorized(bearer())))

    with pytest.raises(ScanError, match="401"):
        registry.client().tags(repository(), access())

    assert len(registry.requests) == 2


def test_a_basic_challenge_to_nobody_is_a_refusal_that_says_how_to_log_in() -> None:
    registry = FakeRegistry(one_by_one(unauthorized('Basic realm="x"')))

    with pytest.raises(ScanError, match="without credentials") as caught:
        registry.client().tags(repository(), access())

    assert "docker login registry.example.com" in caught.value.remedy
    assert caught.value.where == "registry.example.com/team/app"


@pytest.mark.parametrize(
    ("auths", "why"),
    [
        ({"registry.example.com": {"auth": "%%%"}}, "the entry 'registry.example.com' is passed over: its auth is not"),
        ({"other.example.com": {"username": "a", "password": "b"}}, "has no entry for registry.example.com"),
    ],
)
def test_a_refusal_says_why_the_given_credentials_were_not_used(auths: dict[str, object], why: str) -> None:
    registry = FakeRegistry(one_by_one(unauthorized('Basic realm="x"')))

    with pytest.raises(ScanError) as caught:
        registry.client().tags(repository(), access(auths=auths))

    assert "without credentials (Secret default/pull" in caught.value.message
    assert why in caught.value.message


def test_an_identity_token_alone_does_not_answer_a_basic_challenge() -> None:
    registry = FakeRegistry(one_by_one(unauthorized('Basic realm="x"')))

    with pytest.raises(ScanError, match="with the credentials of Secret"):
        registry.client().tags(repository(), access(auths={"registry.example.com": {"identitytoken": "i"}}))


class TestHints:
    def test_a_known_registry_is_given_a_token_at_once(self) -> None:
        registry = FakeRegistry(one_by_one(token("t1"), tags_page("1")))

        registry.client().tags(repository("nginx"), access())

        assert registry.asked == [
            "GET https://auth.docker.io/token?service=registry.docker.io&scope=repository%3Alibrary%2Fnginx%3Apull",
            "GET https://registry-1.docker.io/v2/library/nginx/tags/list",
        ]

    def test_the_credentials_of_a_known_registry_go_to_its_token_server(self) -> None:
        registry = FakeRegistry(one_by_one(token("t1"), tags_page("1")))
        config = docker_config({"https://index.docker.io/v1/": entry()})

        registry.client(credentials=CredentialSources(docker=config)).tags(repository("nginx"), access())

        assert registry.shown == [BASIC, "Bearer t1"]

    def test_a_hint_that_is_out_of_date_is_given_up(self) -> None:
        challenge = bearer(realm="https://ghcr.io/new", scope="repository:team/app:pull")
        registry = FakeRegistry(
            one_by_one(httpx.Response(404), unauthorized(challenge), token("t1"), tags_page("1"), tags_page("2"))
        )

        with registry.client() as client:
            client.tags(repository("ghcr.io/team/app"), access())
            client.tags(repository("ghcr.io/team/app"), access())

        assert registry.requests[2].url.path == "/new"
        assert registry.shown[3:] == ["Bearer t1", "Bearer t1"]

    def test_github_is_told_of_with_the_permission_that_its_token_needs(self) -> None:
        registry = FakeRegistry(one_by_one(token("t1"), errors(403, "DENIED")))

        with pytest.raises(ScanError) as caught:
            registry.client().tags(repository("ghcr.io/team/app"), access())

        assert "packages: read" in caught.value.remedy

    def test_a_known_token_server_that_refuses_is_believed(self) -> None:
        registry = FakeRegistry(one_by_one(errors(403, "DENIED", "requested access to the resource is denied")))

        with pytest.raises(ScanError, match=r"ghcr\.io gives no token: it answered 403 DENIED"):
            registry.client().tags(repository("ghcr.io/team/app"), access())

    def test_a_token_that_lacks_a_repository_is_replaced_by_one_for_it_alone(self) -> None:
        registry = FakeRegistry(
            one_by_one(
                token("both"),
                unauthorized(bearer(realm="https://ghcr.io/token").replace('"registry"', '"ghcr.io"')),
                token("one"),
                tags_page("1"),
            )
        )
        pair = [(repository(f"ghcr.io/team/{name}"), access()) for name in ("app", "other")]

        with registry.client() as client:
            client.prepare(pair)
            client.tags(*pair[0])

        assert registry.shown == ["", "Bearer both", "", "Bearer one"]
        assert registry.requests[2].url.params.get_list("scope") == ["repository:team/app:pull"]

    def test_a_registry_that_takes_no_user_after_all_is_given_tokens_from_then_on(self) -> None:
        host = "europe-west1-docker.pkg.dev"
        challenge = f'Bearer realm="https://{host}/v2/token",service="{host}"'
        registry = FakeRegistry(one_by_one(unauthorized(challenge), token("t1"), tags_page("1"), tags_page("2")))
        client = registry.client()

        for _ in range(2):
            client.tags(repository(f"{host}/p/r/app"), access(auths={host: entry()}))

        assert registry.shown == [BASIC, BASIC, "Bearer t1", "Bearer t1"]

    def test_a_refusal_for_want_of_scope_may_mean_that_nothing_is_there(self) -> None:
        challenge = (
            'Bearer realm="https://auth.docker.io/token",service="registry.docker.io",'
            'scope="repository:library/nothing:pull",error="insufficient_scope"'
        )
        registry = FakeRegistry(one_by_one(token("t1"), unauthorized(challenge)))

        with pytest.raises(ScanError, match=r"no such image, or none that may be read without credentials") as caught:
            registry.client().tags(repository("nothing"), access())

        assert "check the image's name" in caught.value.remedy


def test_a_token_server_that_refuses_nobody_is_told_with_why_it_saw_nobody() -> None:
    refused = errors(401, "UNAUTHORIZED", "authentication required")
    registry = FakeRegistry(one_by_one(unauthorized(bearer(realm="https://tokens.example.net/token")), refused))

    with pytest.raises(ScanError, match=r"not sent to the token server tokens\.example\.net") as caught:
        registry.client().tags(repository(), access(auths={"registry.example.com": entry()}))

    assert "gives no token: it answered 401 UNAUTHORIZED" in caught.value.message
    assert "`token-servers`" in caught.value.remedy
    assert registry.shown == ["", ""]
