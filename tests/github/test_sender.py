"""One exchange: whom the token is shown, what is followed, and what is given up on."""

from __future__ import annotations

import gzip
import json
import logging
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from imgupdate.errors import PublishError
from imgupdate.github import Access, Limits
from imgupdate.github.clock import SystemClock
from imgupdate.github.exchange import Answer, Dropped, Request
from imgupdate.github.sender import Sender
from imgupdate.github.wire import _origin
from tests.twins import http
from tests.twins.certificates import Authority
from tests.twins.http import Fault, HttpTwin, RecordedRequest
from tests.twins.proxy import ProxyTwin

TOKEN = "ghs_secret00000000000000000000000000000001"
HELLO = http.Answer(status=200, headers={"Content-Type": "application/json"}, body=b'{"hello": "there"}')


class Server(HttpTwin):
    """Answers by path; `{}` elsewhere."""

    def __init__(self, **named: object) -> None:
        super().__init__(**named)  # type: ignore[arg-type]
        self.answers: dict[str, http.Answer | Callable[[RecordedRequest], http.Answer]] = {}

    def answer(self, request: RecordedRequest) -> http.Answer:
        found = self.answers.get(request.path, http.Answer(status=200, body=b"{}"))
        return found(request) if callable(found) else found


def sender(server: HttpTwin, *, limits: Limits | None = None, **changed: str) -> Sender:
    access = replace(Access(token=TOKEN, repository="octo-org/fleet", api_url=server.url), **changed)
    return Sender(access, SystemClock(), limits or Limits(connect=5, read=5, whole=10), "imgupdate/tests")


def get(path: str = "/x", **query: str | int) -> Request:
    return Request(verb="GET", path=path, query=query)


def redirect(target: str, status: int = 302) -> http.Answer:
    return http.Answer(status=status, headers={"Location": target}, body=b"moved")


class TestRequests:
    def test_a_request_carries_the_token_our_name_and_the_version_of_the_api(self) -> None:
        with Server() as server:
            server.answers["/x"] = HELLO

            answer = sender(server).exchange(get(per_page=5, state="open"))

        [request] = server.requests
        assert answer.status == 200
        assert answer.data == {"hello": "there"}
        assert request.target == "GET /x"
        assert request.query == {"per_page": ("5",), "state": ("open",)}
        assert request.headers["authorization"] == f"token {TOKEN}"
        assert request.headers["user-agent"] == "imgupdate/tests"
        assert request.headers["accept"] == "application/vnd.github+json"
        assert request.headers["x-github-api-version"] == "2022-11-28"
        assert "cookie" not in request.headers

    @pytest.mark.parametrize("prefix", ["", "/api/v3"])
    def test_graphql_is_asked_where_the_server_has_it(self, prefix: str) -> None:
        with Server() as server:
            sender(server, api_url=server.url + prefix).exchange(Request(verb="POST", path="", body={"query": "x"}))
            sender(server, api_url=server.url + prefix).exchange(get())

        assert [each.target for each in server.requests] == [
            "POST /api/graphql" if prefix else "POST /graphql",
            f"GET {prefix}/x",
        ]

    def test_a_body_arrives_as_it_is(self) -> None:
        text = 'a\r\nb\ufeff\u2028\u0085\U0001f600\t\x7f"\\'
        with Server() as server:
            sender(server).exchange(Request(verb="POST", path="/x", body={"content": text}))

        assert json.loads(server.requests[0].body) == {"content": text}

    def test_connections_are_used_again(self) -> None:
        ports: list[int] = []
        with Server() as server:
            ours = sender(server)
            for _ in range(3):
                ours.exchange(get())
                ports.append(len(server._server.connections) if server._server else 0)

        assert ports == [1, 1, 1]

    def test_cookies_are_not_kept(self) -> None:
        with Server() as server:
            server.answers["/x"] = http.Answer(status=200, headers={"Set-Cookie": "a=b; Path=/"}, body=b"{}")
            ours = sender(server)
            ours.exchange(get())
            ours.exchange(get())

        assert "cookie" not in server.requests[1].headers

    def test_nothing_of_the_token_is_logged(self, caplog: pytest.LogCaptureFixture) -> None:
        with caplog.at_level(logging.DEBUG), Server() as server:
            sender(server).exchange(get())

        assert caplog.records
        assert TOKEN not in caplog.text


class TestEnvironment:
    def test_neither_the_environments_proxy_nor_its_netrc_counts(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        netrc = tmp_path / "netrc"
        netrc.write_text("machine 127.0.0.1 login someone password else\n")
        netrc.chmod(0o600)
        monkeypatch.setenv("NETRC", str(netrc))
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, "http://127.0.0.1:9")
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/nowhere")
        with Server() as server:
            sender(server).exchange(get())

        assert server.requests[0].headers["authorization"] == f"token {TOKEN}"

    def test_a_proxy_that_is_given_is_gone_through(self) -> None:
        with Server() as server, ProxyTwin() as proxy:
            sender(server, proxy=proxy.url).exchange(get())

        assert proxy.used == [f"GET {server.url}/x"]

    def test_a_proxy_is_shown_its_own_password(self) -> None:
        with Server() as server, ProxyTwin(username="user", password="p@ss") as proxy:
            sender(server, proxy=f"http://user:p%40ss@{proxy.host}").exchange(get())

        assert proxy.used == [f"GET {server.url}/x"]

    def test_https_goes_through_a_proxy_as_a_tunnel_in_bounded_time(self, tmp_path: Path) -> None:
        authority = Authority()
        bundle = tmp_path / "ca.pem"
        bundle.write_bytes(authority.pem)
        with Server(tls=authority.server_context(tmp_path)) as server, ProxyTwin() as proxy:
            server.inject(Fault(drip=0.05, drip_headers=True))
            ours = sender(server, proxy=proxy.url, authorities=str(bundle), limits=Limits(whole=0.3))
            with pytest.raises(Dropped, match="in time"):
                ours.exchange(get())
            assert sender(server, proxy=proxy.url, authorities=str(bundle)).exchange(get()).status == 200

        assert proxy.used == [f"CONNECT {server.host}"] * 2

    @pytest.mark.parametrize("proxy", ["http://user:hunter2@:0x", "socks5://user:hunter2@127.0.0.1:1", "http://[::1:3"])
    def test_a_proxy_that_is_none_is_an_error_without_its_password(self, proxy: str) -> None:
        with Server() as server, pytest.raises((PublishError, Dropped)) as caught:
            sender(server, proxy=proxy).exchange(get())

        assert "hunter2" not in str(caught.value)


class TestTrust:
    def test_an_authority_that_is_given_is_trusted(self, tmp_path: Path) -> None:
        authority = Authority()
        bundle = tmp_path / "ca.pem"
        bundle.write_bytes(authority.pem)
        with Server(tls=authority.server_context(tmp_path)) as server:
            assert sender(server, authorities=str(bundle)).exchange(get()).status == 200

    def test_an_unknown_authority_is_not_trusted_and_is_not_asked_again(self, tmp_path: Path) -> None:
        with (
            Server(tls=Authority().server_context(tmp_path)) as server,
            pytest.raises(PublishError, match=r"certificate of 127\.0\.0\.1 is not trusted") as caught,
        ):
            sender(server).exchange(get())

        assert "SSL_CERT_FILE" in caught.value.remedy
        assert server.requests == ()

    def test_a_file_of_authorities_that_does_not_exist_is_an_error(self, tmp_path: Path) -> None:
        with Server() as server, pytest.raises(PublishError, match="does not exist"):
            sender(server, authorities=str(tmp_path / "none.pem"))


class TestRedirects:
    @pytest.mark.parametrize("status", [301, 302, 307, 308])
    def test_a_read_follows_a_redirect_within_the_host(self, status: int) -> None:
        with Server() as server:
            server.answers["/repos/a/b"] = redirect("/repositories/7?page=2", status)
            server.answers["/repositories/7"] = HELLO

            answer = sender(server).exchange(get("/repos/a/b"))

        assert answer.data == {"hello": "there"}
        assert [each.target for each in server.requests] == ["GET /repos/a/b", "GET /repositories/7"]
        assert server.requests[1].headers["authorization"] == f"token {TOKEN}"

    @pytest.mark.parametrize("status", [307, 308])
    def test_a_write_follows_a_redirect_that_keeps_its_method_and_body(self, status: int) -> None:
        with Server() as server:
            server.answers["/repos/a/b"] = redirect(f"{server.url}/repositories/7", status)

            sender(server).exchange(Request(verb="PATCH", path="/repos/a/b", body={"a": 1}))

        assert server.requests[1].target == "PATCH /repositories/7"
        assert json.loads(server.requests[1].body) == {"a": 1}

    @pytest.mark.parametrize("status", [301, 302])
    def test_a_write_does_not_follow_a_redirect_that_would_make_it_a_read(self, status: int) -> None:
        with Server() as server:
            server.answers["/x"] = redirect("/y", status)

            answer = sender(server).exchange(Request(verb="POST", path="/x", body={}))

        assert answer.status == status
        assert len(server.requests) == 1

    @pytest.mark.parametrize("scheme", ["http", "https"])
    def test_another_host_is_not_asked_at_all(self, scheme: str) -> None:
        with Server() as server, Server() as other:
            server.answers["/x"] = redirect(f"{scheme}://{other.host}/x")

            with pytest.raises(PublishError, match="to another host"):
                sender(server).exchange(get())

        assert other.requests == ()

    @pytest.mark.parametrize(
        "target", ["//evil.example.com/x", "ftp://127.0.0.1/", "http://127.0.0.1:port/", "http://[x/"]
    )
    def test_a_redirect_to_nonsense_is_refused(self, target: str) -> None:
        with Server() as server:
            server.answers["/x"] = redirect(target)

            with pytest.raises(PublishError, match="another host"):
                sender(server).exchange(get())

    @pytest.mark.parametrize(
        ("one", "other", "same"),
        [
            ("https://api.github.com/x", "https://api.github.com:443/y", True),
            ("http://GHE.example.com/x", "http://ghe.example.com:80/y", True),
            ("https://api.github.com", "https://api.github.com:8443", False),
            ("https://api.github.com", "http://api.github.com", False),
            ("https://api.github.com", "https://github.com", False),
        ],
    )
    def test_a_host_is_the_same_by_scheme_name_and_port(self, one: str, other: str, same: bool) -> None:
        assert (_origin(one) == _origin(other)) is same

    def test_a_circle_is_left(self) -> None:
        with Server() as server:
            server.answers["/x"] = redirect("/x")

            with pytest.raises(PublishError, match="redirects a request more than 3 times"):
                sender(server).exchange(get())

        assert len(server.requests) == 3

    def test_a_redirect_without_a_target_is_an_answer(self) -> None:
        with Server() as server:
            server.answers["/x"] = http.Answer(status=302)

            assert sender(server).exchange(get()) == Answer(status=302, headers={"content-length": "0"})


class TestAnswers:
    def test_an_error_keeps_its_status_and_words(self) -> None:
        with Server() as server:
            server.answers["/x"] = http.Answer(status=422, body=b'{"message": "no"}')

            answer = sender(server).exchange(get())

        assert (answer.status, answer.data) == (422, {"message": "no"})

    @pytest.mark.parametrize("body", [b"<html>", b"{", b"[" * 100_000, b"\xff\xfe", b'"' + b"x" * 10])
    def test_an_answer_that_is_no_json_is_none_at_all(self, body: bytes) -> None:
        with Server() as server:
            server.answers["/x"] = http.Answer(status=200, body=body)

            with pytest.raises(Dropped, match="not JSON"):
                sender(server).exchange(get())

    def test_an_error_that_is_no_json_is_still_an_error(self) -> None:
        with Server() as server:
            server.answers["/x"] = http.Answer(status=502, body=b"<html>Unicorn!</html>")

            answer = sender(server).exchange(get())

        assert (answer.status, answer.data) == (502, None)

    def test_no_content_is_none(self) -> None:
        with Server() as server:
            server.answers["/x"] = http.Answer(status=204)

            assert sender(server).exchange(Request(verb="DELETE", path="/x")).data is None

    def test_an_answer_that_is_still_being_prepared_is_not_waited_for_here(self) -> None:
        with Server() as server:
            server.answers["/x"] = http.Answer(status=202, body=b"{}")

            with pytest.raises(Dropped, match="preparing"):
                sender(server).exchange(get())
            assert sender(server).exchange(Request(verb="POST", path="/x", body={})).status == 202

        assert len(server.requests) == 2

    @pytest.mark.parametrize("value", ["", "many", "-1", "nan", "inf", "9" * 400, "1e400"])
    def test_a_limit_that_is_no_number_is_passed_over(self, value: str) -> None:
        headers = {"X-RateLimit-Remaining": value, "X-RateLimit-Limit": value, "X-RateLimit-Reset": value}
        with Server() as server:
            server.answers["/x"] = http.Answer(status=200, headers=headers, body=b"{}")

            answer = sender(server).exchange(get())

        assert not [name for name in answer.headers if name.startswith("x-ratelimit")]

    def test_an_answer_larger_than_the_bound_is_refused(self) -> None:
        with Server() as server:
            server.answers["/x"] = http.Answer(status=200, body=b'"' + b"x" * 300_000 + b'"')

            with pytest.raises(PublishError, match="more than 200000 bytes"):
                sender(server, limits=Limits(answer_bytes=200_000)).exchange(get())

    def test_an_answer_is_refused_as_soon_as_it_is_larger_than_the_bound(self) -> None:
        with Server() as server:
            server.answers["/x"] = http.Answer(status=200, body=b"x" * 3_000_000)
            server.inject(Fault(cut=2_000_000))

            with pytest.raises(PublishError, match="more than 200000 bytes"):
                sender(server, limits=Limits(answer_bytes=200_000)).exchange(get())

    def test_an_answer_that_unpacks_to_more_than_the_bound_is_refused(self) -> None:
        packed = gzip.compress(b'"' + b"x" * 5_000_000 + b'"')
        with Server() as server:
            server.answers["/x"] = http.Answer(status=200, headers={"Content-Encoding": "gzip"}, body=packed)

            with pytest.raises(PublishError, match="more than 1000000 bytes"):
                sender(server, limits=Limits(answer_bytes=1_000_000)).exchange(get())

    def test_a_packed_answer_is_unpacked(self) -> None:
        with Server() as server:
            headers = {"Content-Encoding": "gzip"}
            server.answers["/x"] = http.Answer(status=200, headers=headers, body=gzip.compress(b'{"a": 1}'))

            assert sender(server).exchange(get()).data == {"a": 1}

    def test_an_answer_that_cannot_be_unpacked_is_none(self) -> None:
        with Server() as server:
            server.answers["/x"] = http.Answer(status=200, headers={"Content-Encoding": "gzip"}, body=b"not packed")

            with pytest.raises(Dropped):
                sender(server).exchange(get())


class TestTime:
    @pytest.mark.parametrize(
        ("fault", "reason"),
        [
            (Fault(hang_up=True), "broke off"),
            (Fault(cut=3), "broke off"),
            (Fault(delay=2.0), "in time"),
            (Fault(drip=0.05), "in time"),
            (Fault(drip=0.05, drip_headers=True), "in time"),
        ],
        ids=["hang-up", "cut", "delay", "drip", "drip-headers"],
    )
    def test_no_whole_answer_in_time_is_none(self, fault: Fault, reason: str) -> None:
        with Server() as server:
            server.answers["/x"] = HELLO
            server.inject(fault)
            began = time.monotonic()

            with pytest.raises(Dropped, match=reason):
                sender(server, limits=Limits(read=0.4, whole=0.5)).exchange(get())

            assert time.monotonic() - began < 1.5

    def test_the_time_of_the_whole_is_that_of_the_clock(self) -> None:
        class Leaping(SystemClock):
            looks = 0

            def monotonic(self) -> float:
                self.looks += 1
                return 100.0 * self.looks

        with Server() as server:
            access = Access(token=TOKEN, repository="a/b", api_url=server.url)
            ours = Sender(access, Leaping(), Limits(whole=60), "x")
            with pytest.raises(Dropped, match="in time"):
                ours.exchange(get())

    def test_a_connection_is_fit_for_the_next_request_after_one_that_took_its_time(self) -> None:
        with Server() as server:
            server.answers["/x"] = HELLO
            ours = sender(server, limits=Limits(read=5, whole=5))
            ours.exchange(get())
            server.inject(Fault(delay=0.2))
            ours.exchange(get())

            assert ours.exchange(get()).status == 200

    def test_nobody_listening_is_told_as_such(self) -> None:
        with Server() as server:
            ours = sender(server)

        with pytest.raises(Dropped, match="refuses the connection"):
            ours.exchange(get())

    def test_a_name_without_an_address_is_told_as_such(self) -> None:
        access = Access(token=TOKEN, repository="a/b", api_url="http://nothing.invalid")

        with pytest.raises(Dropped, match="no address"):
            Sender(access, SystemClock(), Limits(connect=2), "x").exchange(get())

    def test_a_proxy_that_is_not_there_is_told_as_such(self) -> None:
        with ProxyTwin() as proxy:
            access = Access(token=TOKEN, repository="a/b", api_url="https://127.0.0.1:9", proxy=proxy.url)

        with pytest.raises(Dropped, match="the proxy does not let us through"):
            Sender(access, SystemClock(), Limits(connect=2), "x").exchange(get())
