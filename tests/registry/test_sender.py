"""How often a request is sent, how long one waits in between, and what then is said."""

from __future__ import annotations

import httpx
import pytest

from imgupdate.errors import ScanError
from imgupdate.registry.clock import OutOfTime
from imgupdate.registry.sender import USER_AGENT
from tests.registry.support import FakeClock, FakeRegistry, access, errors, one_by_one, repository, tags_page

BROKEN = httpx.RemoteProtocolError("peer closed connection without sending complete message body")


@pytest.mark.parametrize("status", [408, 425, 429, 499, 500, 502, 503, 504, 522])
def test_a_passing_failure_is_tried_again(status: int) -> None:
    clock = FakeClock()
    registry = FakeRegistry(one_by_one(errors(status), tags_page("a")))

    assert registry.client(clock=clock).tags(repository(), access()).tags == ("a",)

    assert clock.slept == [0.25]


@pytest.mark.parametrize("status", [400, 403, 404, 405, 501])
def test_a_lasting_failure_is_not(status: int) -> None:
    clock = FakeClock()
    registry = FakeRegistry(one_by_one(errors(status)))

    with pytest.raises(ScanError, match=str(status)):
        registry.client(clock=clock).tags(repository(), access())

    assert clock.slept == []


@pytest.mark.parametrize(
    "failure", [BROKEN, httpx.ReadError("reset"), httpx.ReadTimeout("x"), httpx.ConnectTimeout("x")]
)
def test_a_broken_connection_is_tried_again(failure: httpx.TransportError) -> None:
    registry = FakeRegistry(one_by_one(failure, failure, failure, tags_page("a")))

    assert registry.client().tags(repository(), access()).tags == ("a",)


def test_four_failures_are_enough() -> None:
    clock = FakeClock()
    registry = FakeRegistry(one_by_one(*[errors(500, "UNKNOWN", "boom\x1b[0m")] * 4))

    with pytest.raises(ScanError, match=r"registry\.example\.com failed: it answered 500 UNKNOWN \(boom \[0m\)"):
        registry.client(clock=clock).tags(repository(), access())

    assert clock.slept == [0.25, 0.5, 1.0]


def test_waits_are_shortened_by_chance() -> None:
    clock = FakeClock()
    registry = FakeRegistry(one_by_one(*[errors(500)] * 3, tags_page("a")))

    registry.client(clock=clock, jitter=lambda: 0.5).tags(repository(), access())

    assert clock.slept == [0.125, 0.25, 0.5]


@pytest.mark.parametrize("value", ["7", "Fri, 15 Jan 2027 08:00:07 GMT"])
def test_a_registry_that_says_when_is_believed(value: str) -> None:
    clock = FakeClock()
    registry = FakeRegistry(one_by_one(errors(429, **{"Retry-After": value}), tags_page("a")))

    registry.client(clock=clock).tags(repository(), access())

    assert sum(clock.slept) == pytest.approx(7.0)


def test_a_wait_that_is_too_long_is_not_begun_and_its_end_is_told() -> None:
    clock = FakeClock()
    registry = FakeRegistry(one_by_one(errors(429, "TOOMANYREQUESTS", **{"Retry-After": "3600"})))

    with registry.client(clock=clock) as client:
        for _ in range(2):
            with pytest.raises(ScanError, match=r"too many requests .* until 2027-01-15 09:00:00 UTC; log in"):
                client.tags(repository(), access())

    assert clock.slept == []
    assert len(registry.requests) == 1


def test_a_limit_without_an_end_is_told_with_the_registrys_words() -> None:
    registry = FakeRegistry(one_by_one(*[errors(429, "TOOMANYREQUESTS", "pull rate limit")] * 4))

    with pytest.raises(ScanError, match=r"429 TOOMANYREQUESTS \(pull rate limit\)") as caught:
        registry.client().tags(repository(), access())

    assert "log in" in caught.value.remedy


def test_no_wait_goes_beyond_the_deadline() -> None:
    clock = FakeClock()
    registry = FakeRegistry(one_by_one(errors(503, **{"Retry-After": "30"})))

    with pytest.raises(ScanError, match="503"):
        registry.client(clock=clock).tags(repository(), access(timeout=20))

    assert clock.slept == []


def test_a_broken_connection_close_to_the_deadline_is_what_is_told() -> None:
    registry = FakeRegistry(one_by_one(BROKEN))

    with pytest.raises(ScanError, match="broke off the connection"):
        registry.client().tags(repository(), access(timeout=0.1))


def test_a_connection_that_breaks_after_the_deadline_is_late() -> None:
    clock = FakeClock()

    def handle(_: httpx.Request) -> httpx.Response:
        clock.pass_by(61)
        raise BROKEN

    with pytest.raises(OutOfTime, match="within 60 s"):
        FakeRegistry(handle).client(clock=clock).tags(repository(), access())


def test_the_deadline_is_for_all_pages_together() -> None:
    clock = FakeClock()
    pages = iter(range(100))

    def handle(_: httpx.Request) -> httpx.Response:
        clock.pass_by(25)
        number = next(pages)
        return tags_page(f"v{number}", link=f"<?p={number}>; rel=next")

    registry = FakeRegistry(handle)
    with pytest.raises(OutOfTime, match="within 60 s"):
        registry.client(clock=clock).tags(repository(), access())
    assert len(registry.requests) == 3


def test_requests_say_who_sends_them_and_ask_for_compressed_lists() -> None:
    registry = FakeRegistry(one_by_one(tags_page("a")))

    registry.client().tags(repository(), access())

    (request,) = registry.requests
    assert request.headers["user-agent"] == USER_AGENT
    assert USER_AGENT.startswith("imgupdate/")
    assert request.headers["accept-encoding"] == "gzip"


def test_an_error_of_the_http_library_that_nobody_foresaw_is_ours_in_the_end() -> None:
    registry = FakeRegistry(one_by_one(httpx.TooManyRedirects("x")))

    with pytest.raises(ScanError, match="TooManyRedirects") as caught:
        registry.client().tags(repository(), access())

    assert caught.value.where == "registry.example.com/team/app"
