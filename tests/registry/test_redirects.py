"""Where a redirect may lead."""

from __future__ import annotations

import httpx
import pytest

from imgupdate.errors import ScanError
from imgupdate.registry.redirects import next_url, same_origin
from imgupdate.registry.sender import Answer

HERE = "https://registry.example.com/v2/a/tags/list?n=5"


def answer(location: str | None, status: int = 307, url: str = HERE) -> Answer:
    headers = httpx.Headers({} if location is None else {"Location": location})
    return Answer(status=status, headers=headers, body=b"", url=httpx.URL(url))


@pytest.mark.parametrize(
    ("location", "expected"),
    [
        ("https://b.example/v2/b/tags/list#x", "https://b.example/v2/b/tags/list"),
        ("/v2/b/tags/list", "https://registry.example.com/v2/b/tags/list"),
        ("//c.example/x", "https://c.example/x"),
    ],
)
def test_a_redirect_is_followed(location: str, expected: str) -> None:
    assert next_url(answer(location), public=True) == httpx.URL(expected)


@pytest.mark.parametrize("status", [200, 300, 304, 404])
def test_only_redirects_redirect(status: int) -> None:
    assert next_url(answer("https://b.example/", status), public=True) is None


def test_a_redirect_without_a_place_is_no_redirect() -> None:
    assert next_url(answer(None), public=True) is None


def test_plain_http_may_lead_to_plain_http_and_to_https() -> None:
    plain = "http://127.0.0.1:5000/v2/a/tags/list"

    assert next_url(answer("http://127.0.0.1:5001/x", url=plain), public=False) is not None
    assert next_url(answer("https://127.0.0.1:5001/x", url=plain), public=False) is not None


@pytest.mark.parametrize(
    ("location", "words"),
    [
        pytest.param("http://registry.example.com/x", "plain http", id="encryption is lost"),
        pytest.param("https://169.254.169.254/latest", "private network", id="the metadata address"),
        pytest.param("https://localhost/x", "private network", id="this machine"),
        pytest.param("https://user:pw@b.example/", "not a web address", id="credentials in the address"),
        pytest.param("file:///etc/passwd", "not a web address", id="a file"),
        pytest.param("https://[::1/x", "not a web address", id="nonsense"),
    ],
)
def test_a_redirect_that_is_refused(location: str, words: str) -> None:
    with pytest.raises(ScanError, match=words):
        next_url(answer(location), public=True)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("https://a.example/x", "https://a.example:443/y", True),
        ("http://a.example:80/", "http://a.example/", True),
        ("https://a.example/", "http://a.example/", False),
        ("https://a.example/", "https://b.example/", False),
        ("https://a.example/", "https://a.example:5000/", False),
    ],
)
def test_an_origin_is_scheme_host_and_port(one: str, other: str, same: bool) -> None:
    assert same_origin(httpx.URL(one), httpx.URL(other)) is same
