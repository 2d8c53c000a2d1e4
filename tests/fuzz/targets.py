"""What `make fuzz` throws bytes at: each target reads them as a server would send them and holds the laws against it.

A target takes any bytes, returns nothing, and raises only where a law is broken.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import httpx

from imgupdate.errors import InvalidReference, ScanError
from imgupdate.images import Tag, is_digest, is_tag, parse_reference, parse_repository
from imgupdate.registry import Limits
from imgupdate.registry.challenge import parse_challenges
from imgupdate.registry.failures import describe, parse_errors
from imgupdate.registry.links import next_target, parse_links
from tests.registry.support import FakeRegistry, access, entry, repository, token, unauthorized

HOST = "registry.example.com"
SECRET = "secret-of-alice"
LONGEST_PATH = 255
STATUSES = (200, 200, 200, 206, 301, 307, 400, 401, 401, 403, 404, 405, 413, 429, 500)
FIELDS = {
    b"l": b"Link",
    b"w": b"WWW-Authenticate",
    b"o": b"Location",
    b"e": b"Content-Encoding",
    b"d": b"Docker-Content-Digest",
    b"r": b"Retry-After",
    b"n": b"Warning",
    b"t": b"Content-Type",
    b"p": b"ratelimit-remaining",
}
LIMITS = Limits(pages=10, attempts=2, page_bytes=1 << 16)


def challenges(data: bytes) -> None:
    """A line is a `WWW-Authenticate` header."""
    headers = data.decode("latin-1").splitlines()
    for challenge in parse_challenges(headers):
        assert challenge.scheme
        assert challenge.scheme == challenge.scheme.lower()
        assert all(name == name.lower() for name in challenge.parameters)
        assert all(scope and not scope.isspace() for scope in challenge.scopes)


def links(data: bytes) -> None:
    """A line is a `Link` header."""
    headers = data.decode("latin-1").splitlines()
    found = parse_links(headers)
    for link in found:
        assert ">" not in link.target
        assert any(link.target in header for header in headers)
        assert link.relations is None or all(name == name.lower() for name in link.relations)
    target = next_target(headers)
    assert target is None or target in {link.target for link in found}


def bodies(data: bytes) -> None:
    """The bytes are the answer to each of our questions in turn, and the words of a refusal."""
    check_words(describe(400, data))
    for error in parse_errors(data):
        assert isinstance(error.code, str)
        assert isinstance(error.message, str)
    body = httpx.Response(200, content=data)
    for question in (_tags, _digest, _labels):
        question(FakeRegistry(lambda _: httpx.Response(200, content=body.content)))
    _tags(FakeRegistry(_with_token_server(data)))


def references(data: bytes) -> None:
    """The bytes are an image as somebody wrote it.

    A path has its longest length as written, so that a long one of Docker Hub's is too long with its `library/`.
    """
    text = data.decode("utf-8", "replace")
    try:
        found = parse_reference(text)
    except InvalidReference as error:
        check_words(str(error))
    else:
        if len(found.repository) <= LONGEST_PATH:
            assert parse_reference(found.name).name == found.name
    try:
        image = parse_repository(text)
    except InvalidReference as error:
        check_words(str(error))
    else:
        assert image.text == text
        if len(image.path) <= LONGEST_PATH:
            assert parse_repository(image.canonical).canonical == image.canonical
        assert httpx.URL(f"https://host/v2/{image.path}/tags/list").path == f"/v2/{image.path}/tags/list"


def servers(data: bytes) -> None:
    """The bytes are the answers of a server, one after the other; see `script_of`."""
    for question in (_tags, _digest, _labels):
        question(hostile(script_of(data)))


TARGETS: Mapping[str, Callable[[bytes], None]] = {
    "challenges": challenges,
    "links": links,
    "bodies": bodies,
    "references": references,
    "servers": servers,
}

SEEDS: Mapping[str, tuple[bytes, ...]] = {
    "challenges": (
        b'Bearer realm="https://codeberg.org/v2/token",service="s",scope="*",Basic realm="x"',
        b'Negotiate abc==, bearer realm="a\\"b",scope="repository:a:pull,push repository:b:pull"',
    ),
    "links": (b'</v2/a/tags/list?last=x&n=2>; rel="next"', b'<a>; rel=prev, <?last=b>; REL="last next"\n<c>'),
    "bodies": (
        b'{"name":"a","tags":["1.0",null,2,"sha256:x"]}',
        b'{"token":"t","expires_in":300,"issued_at":"2027-01-15T08:00:00Z","refresh_token":"r"}',
        b'{"errors":[{"code":"NAME_UNKNOWN","message":"repository name not known to registry"}]}',
        b'{"manifests":[{"digest":"sha256:' + b"a" * 64 + b'","platform":{"os":"linux","architecture":"amd64"}}]}',
        b'{"config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"sha256:' + b"b" * 64 + b'"}}',
    ),
    "references": (b"ghcr.io/org/app:1.2@sha256:" + b"a" * 64, b"localhost:5000/a", b"[::1]:5000/a", b"nginx"),
    "servers": (
        b'iwBearer realm="https://registry.example.com/token",service="s"\n\n\0a\n\n{"token":"t1"}\0a\n\n{"tags":["a"]}',
        b'al</v2/team/app/tags/list?last=b>; rel="next"\n\n{"tags":["a","b"]}\0a\n\n{"tags":["c"]}',
        b"fohttps://blobs.example.com/x?sig=1\n\n\0nr1\n\n",
    ),
}


def check_words(text: str) -> None:
    """What people read is one line that steers no terminal, and holds no secret."""
    assert text.isprintable(), text
    assert SECRET not in text


Script = list[tuple[int, list[tuple[bytes, bytes]], bytes]]


def script_of(data: bytes) -> Script:
    """Answers, divided by NUL: a letter for the status, lines of a header's letter and its value, a gap, and a body."""
    script: Script = []
    for piece in data.split(b"\0")[:8] if data else [b""]:
        status = STATUSES[(piece[0] - ord("a")) % len(STATUSES)] if piece else 200
        head, _, body = piece[1:].partition(b"\n\n")
        fields = [(FIELDS[line[:1]], line[1:]) for line in head.split(b"\n") if line[:1] in FIELDS]
        script.append((status, [(name, value.replace(b"\r", b"")) for name, value in fields], body))
    return script


def hostile(script: Script) -> FakeRegistry:
    """A registry that goes through these answers, and begins again."""
    turns = iter(range(100_000))

    def handle(_: httpx.Request) -> httpx.Response:
        status, fields, body = script[next(turns) % len(script)]
        return httpx.Response(status, headers=fields, stream=httpx.ByteStream(body))

    return FakeRegistry(handle)


def _with_token_server(data: bytes) -> Callable[[httpx.Request], httpx.Response]:
    def handle(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/token":
            return httpx.Response(200, content=data)
        if request.headers.get("authorization", "").startswith("Bearer "):
            return token()
        return unauthorized(f'Bearer realm="https://{HOST}/token"')

    return handle


def _tags(registry: FakeRegistry) -> None:
    try:
        listing = registry.client(limits=LIMITS).tags(repository(), access(auths={HOST: entry()}))
    except ScanError as error:
        _check_error(error)
    else:
        assert all(is_tag(tag) for tag in listing.tags)
        assert len(set(listing.tags)) == len(listing.tags)
        for warning in listing.warnings:
            check_words(warning)
    _check_requests(registry)


def _digest(registry: FakeRegistry) -> None:
    try:
        digest = registry.client(limits=LIMITS).digest(repository(), Tag("1.0"), access(auths={HOST: entry()}))
    except ScanError as error:
        _check_error(error)
    else:
        assert is_digest(digest)
    _check_requests(registry)


def _labels(registry: FakeRegistry) -> None:
    try:
        labels = registry.client(limits=LIMITS).labels(repository(), Tag("1.0"), access(auths={HOST: entry()}))
    except ScanError as error:
        _check_error(error)
    else:
        assert all(isinstance(text, str) for pair in labels.items() for text in pair)
    _check_requests(registry)


def _check_error(error: ScanError) -> None:
    check_words(str(error))
    assert error.remedy


def _check_requests(registry: FakeRegistry) -> None:
    """Credentials stay at home, nothing goes out in plain, and there is an end."""
    for request in registry.requests:
        assert request.url.scheme == "https"
        if request.headers.get("authorization", "").startswith("Basic "):
            host = request.url.raw_host.decode()
            assert host == HOST or host.endswith(f".{HOST}") or f".{host}" in f".{HOST}"
    assert len(registry.requests) < 200
