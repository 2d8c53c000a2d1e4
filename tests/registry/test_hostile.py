"""Laws that hold whatever a registry sends: an answer or our own error, clean words, and credentials at home."""

from __future__ import annotations

import json

import httpx
from hypothesis import given, settings
from hypothesis import strategies as st

from imgupdate.errors import ScanError
from imgupdate.images import Tag, is_digest, is_tag
from imgupdate.registry import Limits
from tests.registry.support import FakeRegistry, access, entry, repository

SECRETS = ("secret-of-alice", "alice:secret")
HOME = "registry.example.com"

noise = st.text(st.characters(codec="latin-1", exclude_characters="\r\n\0"), max_size=30)
urls = st.sampled_from(
    [
        "/v2/team/app/tags/list?last=a",
        "?last=b&n=5",
        "https://registry.example.com/token",
        "https://sub.registry.example.com/token",
        "http://registry.example.com/token",
        "https://evil.example/token",
        "https://registry.example.com@evil.example/",
        "https://169.254.169.254/latest",
        "https://[::1/x",
        "//evil.example/x",
        "https://xn--a/",
        "https://evil.example:99999/",
        "",
    ]
)
places = st.one_of(urls, noise)
headers = st.fixed_dictionaries(
    {},
    optional={
        "Link": st.builds('<{}>; rel="next"'.format, places) | noise,
        "Location": places,
        "WWW-Authenticate": st.builds('Bearer realm="{}",service="{}",scope="{}"'.format, places, noise, noise)
        | st.just('Basic realm="x"')
        | noise,
        "Retry-After": st.sampled_from(["0", "1", "999999", "soon", "Fri, 15 Jan 2027 08:00:07 GMT"]),
        "Content-Type": noise,
        "Content-Encoding": st.sampled_from(["gzip", "identity", "br"]),
        "Docker-Content-Digest": st.sampled_from(["sha256:" + "a" * 64, "sha256:x", ""]) | noise,
        "Warning": st.builds('299 - "{}"'.format, noise) | noise,
        "Content-Length": st.sampled_from(["5", "99999999999", "x"]),
    },
)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
documents = st.fixed_dictionaries(
    {},
    optional={
        "tags": st.lists(values, max_size=4) | values,
        "token": st.text(max_size=10) | st.just("t1") | values,
        "expires_in": values,
        "issued_at": values,
        "refresh_token": values,
        "errors": st.lists(
            st.fixed_dictionaries({}, optional={"code": values, "message": st.just(SECRETS[0]) | values}), max_size=2
        )
        | values,
        "manifests": values,
    },
)
bodies = st.one_of(st.binary(max_size=40), documents.map(lambda found: json.dumps(found).encode()))
statuses = st.sampled_from([200, 200, 200, 204, 206, 301, 307, 400, 401, 401, 403, 404, 405, 413, 429, 500, 503])
answers = st.builds(
    lambda status, fields, body: (status, fields, body),
    statuses,
    headers,
    bodies,
)
scripts = st.lists(answers, min_size=1, max_size=8)
Answers = list[tuple[int, dict[str, str], bytes]]


def hostile(script: Answers) -> FakeRegistry:
    """A registry that goes through these answers, and begins again."""
    asked = iter(range(10_000))

    def handle(_: httpx.Request) -> httpx.Response:
        status, fields, body = script[next(asked) % len(script)]
        encoded = [(name.encode(), value.encode("latin-1")) for name, value in fields.items()]
        return httpx.Response(status, headers=encoded, stream=httpx.ByteStream(body))

    return FakeRegistry(handle)


def check_requests(registry: FakeRegistry) -> None:
    for request in registry.requests:
        assert request.url.scheme == "https"
        if request.headers.get("authorization", "").startswith("Basic "):
            assert request.url.raw_host.decode() in (HOME, f"sub.{HOME}")
    assert len(registry.requests) < 200


def check_error(error: ScanError) -> None:
    assert str(error).isprintable()
    assert error.remedy
    assert not any(secret in str(error) for secret in SECRETS)


@settings(max_examples=60)
@given(scripts)
def test_a_listing_is_made_of_tags_or_fails_in_our_own_words(script: Answers) -> None:
    registry = hostile(script)
    client = registry.client(limits=Limits(pages=20))

    try:
        listing = client.tags(repository(), access(auths={HOME: entry()}))
    except ScanError as error:
        check_error(error)
    else:
        assert all(is_tag(tag) for tag in listing.tags)
        assert all(warning.isprintable() for warning in listing.warnings)
    check_requests(registry)


@settings(max_examples=60)
@given(scripts)
def test_a_digest_is_one_or_fails_in_our_own_words(script: Answers) -> None:
    registry = hostile(script)

    try:
        digest = registry.client().digest(repository(), Tag("1.0"), access(auths={HOME: entry()}))
    except ScanError as error:
        check_error(error)
    else:
        assert is_digest(digest)
    check_requests(registry)
