"""What token servers are asked, and the many ways in which they answer."""

from __future__ import annotations

import base64
from urllib.parse import parse_qs

import httpx
import pytest

from imgupdate.errors import ScanError
from imgupdate.registry.clock import Deadline
from imgupdate.registry.credentials.model import Credential
from imgupdate.registry.limits import Limits
from imgupdate.registry.sender import Network, Sender
from imgupdate.registry.tokens import Token, TokenRefused, TokenServer
from imgupdate.registry.tokenserver import TokenClient
from tests.registry.support import NOW, FakeClock, FakeRegistry, Handler, errors, one_by_one, token

SERVER = TokenServer(httpx.URL("https://auth.example.com/token?kind=x"), "the registry")
SCOPES = ("repository:a/b:pull", "repository:c:pull")
ALICE = Credential(source="the file", username="alice", password="secret-of-alice")
IDENTITY = Credential(source="the file", identity_token="identity-of-alice")


class Asking:
    """One question to a token server that answers by a function."""

    def __init__(self, handler: Handler) -> None:
        self.clock = FakeClock()
        self.registry = FakeRegistry(handler)
        self.client = TokenClient(
            Sender(self.registry.transport_of, clock=self.clock, limits=Limits(attempts=2), jitter=lambda: 1.0),
            Network(),
            public_only=True,
        )

    def fetch(self, credential: Credential | None = None, scopes: tuple[str, ...] = SCOPES) -> Token:
        return self.client.fetch(SERVER, scopes, credential, Deadline(self.clock, 60))


def test_nobody_asks_by_get_with_each_scope_by_itself() -> None:
    asking = Asking(one_by_one(token("t1")))

    assert asking.fetch().value == "t1"

    (request,) = asking.registry.requests
    assert request.method == "GET"
    assert dict(parse_qs(request.url.query.decode())) == {
        "kind": ["x"],
        "service": ["the registry"],
        "scope": list(SCOPES),
    }
    assert "authorization" not in request.headers
    assert asking.registry.public_only == [True]


def test_a_user_is_shown_as_basic() -> None:
    asking = Asking(one_by_one(token()))
    asking.fetch(ALICE)

    assert asking.registry.shown == ["Basic " + base64.b64encode(b"alice:secret-of-alice").decode()]


def test_an_identity_token_is_exchanged_by_post() -> None:
    asking = Asking(one_by_one(token(refresh_token="next-identity")))

    assert asking.fetch(IDENTITY).identity_token == "next-identity"

    (request,) = asking.registry.requests
    assert (request.method, str(request.url)) == ("POST", "https://auth.example.com/token?kind=x")
    assert parse_qs(request.content.decode()) == {
        "grant_type": ["refresh_token"],
        "service": ["the registry"],
        "client_id": ["imgupdate"],
        "scope": [" ".join(SCOPES)],
        "refresh_token": ["identity-of-alice"],
    }
    assert request.headers["content-type"] == "application/x-www-form-urlencoded"


def test_a_server_without_post_is_asked_by_get() -> None:
    asking = Asking(one_by_one(httpx.Response(404), token()))
    asking.fetch(IDENTITY)

    assert [request.method for request in asking.registry.requests] == ["POST", "GET"]
    assert asking.registry.shown[1] == "Basic " + base64.b64encode(b"<token>:identity-of-alice").decode()


def test_a_service_without_a_name_is_left_out() -> None:
    asking = Asking(one_by_one(token()))
    asking.client.fetch(
        TokenServer(httpx.URL("https://auth.example.com/token"), ""), (), None, Deadline(FakeClock(), 60)
    )

    assert asking.registry.asked == ["GET https://auth.example.com/token"]


def test_no_scope_is_left_out() -> None:
    asking = Asking(one_by_one(token()))
    asking.fetch(scopes=())

    assert "scope" not in asking.registry.requests[0].url.params


@pytest.mark.parametrize(
    ("answer", "value"),
    [
        ({"token": "t"}, "t"),
        ({"access_token": "a"}, "a"),
        ({"access_token": "a", "token": "t"}, "a"),
        ({"access_token": "", "token": "t"}, "t"),
    ],
)
def test_a_token_has_two_names(answer: dict[str, object], value: str) -> None:
    assert Asking(one_by_one(httpx.Response(200, json=answer))).fetch().value == value


@pytest.mark.parametrize(
    ("fields", "life"),
    [
        pytest.param({}, 55, id="a minute by default"),
        pytest.param({"expires_in": 300}, 295, id="renewed early"),
        pytest.param({"expires_in": 5}, 55, id="a minute at least"),
        pytest.param({"expires_in": 10**9}, 86_395, id="a day at most"),
        pytest.param({"expires_in": 10**4000}, 86_395, id="a number without end"),
        pytest.param({"expires_in": 120.5}, 115.5, id="a fraction"),
        pytest.param({"expires_in": -5}, 55, id="less than nothing"),
        pytest.param({"expires_in": "300"}, 55, id="a text is no number"),
        pytest.param({"expires_in": True}, 55, id="nor is a truth"),
        pytest.param({"expires_in": 300, "issued_at": "2027-01-15T07:59:00Z"}, 235, id="issued before"),
        pytest.param({"expires_in": 300, "issued_at": "2027-01-15T07:59:00.123456789Z"}, 235, id="in nanoseconds"),
        pytest.param({"expires_in": 300, "issued_at": "2027-01-15T07:59:00"}, 235, id="without a zone"),
        pytest.param({"expires_in": 300, "issued_at": "2027-01-15T09:00:00Z"}, 295, id="issued in the future"),
        pytest.param({"expires_in": 300, "issued_at": "2027-01-15T06:00:00Z"}, 295, id="ended before it came"),
        pytest.param({"expires_in": 300, "issued_at": "yesterday"}, 295, id="issued at no time"),
        pytest.param({"expires_in": 300, "issued_at": 5}, 295, id="issued at a number"),
    ],
)
def test_the_life_of_a_token(fields: dict[str, object], life: float) -> None:
    asking = Asking(one_by_one(httpx.Response(200, json={"token": "t", **fields})))

    assert asking.fetch().ends == pytest.approx(asking.clock.monotonic() + life, abs=1.0)


def test_a_life_that_is_not_a_number_is_a_minute() -> None:
    asking = Asking(one_by_one(httpx.Response(200, content=b'{"token":"t","expires_in":NaN}')))

    assert asking.fetch().ends == asking.clock.monotonic() + 55


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"<html>log in</html>", "other than JSON"),
        (b'{"token": "t', "other than JSON"),
        (b"[" * 50_000, "other than JSON"),
        (b"[]", "not a mapping"),
        (b"{}", "holds no token"),
        (b'{"token": 5}', "holds no token"),
        (b'{"token": "two\\r\\nHost: evil"}', "holds no token"),
        (b'{"token": "with space"}', "holds no token"),
    ],
)
def test_an_answer_without_a_token_is_an_error(content: bytes, words: str) -> None:
    with pytest.raises(ScanError, match=words) as caught:
        Asking(one_by_one(httpx.Response(200, content=content))).fetch()

    assert "auth.example.com" in caught.value.message


def test_credentials_that_are_rejected_are_an_error_that_names_their_source() -> None:
    body = {"details": "no user alice with secret-of-alice"}
    asking = Asking(one_by_one(httpx.Response(401, json=body)))

    with pytest.raises(TokenRefused, match="refuses the credentials of the file: it answered 401") as caught:
        asking.fetch(ALICE)

    assert caught.value.rejected
    assert "secret-of-alice" not in str(caught.value)


def test_credentials_without_rights_are_an_error_that_names_their_source() -> None:
    with pytest.raises(TokenRefused, match=r"credentials of the file: it answered 403 DENIED \(no\)") as caught:
        Asking(one_by_one(errors(403, "DENIED", "no"))).fetch(ALICE)

    assert not caught.value.rejected


@pytest.mark.parametrize("status", [400, 401, 403, 404])
def test_nobody_who_gets_no_token_is_told_to_log_in(status: int) -> None:
    with pytest.raises(TokenRefused, match="gives no token") as caught:
        Asking(one_by_one(errors(status))).fetch()

    assert caught.value.status == status
    assert not caught.value.rejected
    assert "log in" in caught.value.remedy


def test_a_server_that_fails_is_tried_again_and_then_reported() -> None:
    asking = Asking(one_by_one(httpx.Response(503), httpx.Response(500)))

    with pytest.raises(ScanError, match=r"auth\.example\.com answered 500 Internal Server Error"):
        asking.fetch()

    assert asking.clock.slept == [0.25]


def test_an_answer_that_is_too_large_is_an_error() -> None:
    with pytest.raises(ScanError, match="64 KiB"):
        Asking(one_by_one(httpx.Response(200, content=b" " * 70_000))).fetch()


def test_nobody_follows_a_redirect_of_a_token_server() -> None:
    asking = Asking(one_by_one(httpx.Response(302, headers={"Location": "https://b.example/token"}), token("t2")))

    assert asking.fetch().value == "t2"
    assert asking.registry.asked[1] == "GET https://b.example/token"


def test_credentials_do_not_follow_a_redirect() -> None:
    asking = Asking(one_by_one(httpx.Response(302, headers={"Location": "https://b.example/token"})))

    with pytest.raises(ScanError, match="302"):
        asking.fetch(ALICE)

    assert len(asking.registry.requests) == 1


def test_redirects_of_a_token_server_end() -> None:
    asking = Asking(lambda _: httpx.Response(302, headers={"Location": "https://b.example/token"}))

    with pytest.raises(ScanError, match="302"):
        asking.fetch()

    assert len(asking.registry.requests) == 6


def test_the_fake_time_of_these_tests_is_what_they_say() -> None:
    assert FakeClock().now() == NOW
