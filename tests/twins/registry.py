"""An embedded OCI registry on a free port of the loopback interface, for tests and for `make demo`.

It serves what it was filled with and counts what it was asked:

    with RegistryTwin() as registry:
        registry.fill("team/app", ["1.0.0", "1.0.1"])
        ...                                              # let the code under test read f"{registry.host}/team/app"
        assert len(registry.requests) == 1

Authentication, page sizes, latency and misbehaviour (`inject`) are chosen by the test. Nothing can be
pushed over the wire.
"""

from __future__ import annotations

import base64
import hashlib
import json
import ssl
from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import overload
from urllib.parse import parse_qs, quote

from tests.twins.http import Answer, Fault, HttpTwin, RecordedRequest

__all__ = [
    "Answer",
    "Basic",
    "Bearer",
    "Fault",
    "NumberedTags",
    "Open",
    "Page",
    "RecordedRequest",
    "RegistryTwin",
    "digest_of",
    "error_body",
]

OCI_INDEX = "application/vnd.oci.image.index.v1+json"
OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
OCI_CONFIG = "application/vnd.oci.image.config.v1+json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Open:
    """Everybody may read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Basic:
    """Requests carry a user and a password."""

    username: str = "alice"
    password: str = "secret-of-alice"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bearer:
    """Requests carry a token of the token endpoint, which lives on the same server under `/token`.

    Without a `username` the endpoint gives tokens to everybody. With one it gives them to that user and password, in
    exchange for `identity_token` (by POST, which answers 404 unless `oauth`), and to everybody else only if `private`
    says what they must not open. A token opens the repositories of its scopes; with `first_scope_only`, of the first
    one. `registry_token` is accepted as a token as it stands. `realm` replaces the address of the endpoint in
    challenges, `challenge_scope` the scope, and `key` is what the token is called in the answer.
    """

    username: str = ""
    password: str = ""
    identity_token: str = ""
    registry_token: str = ""
    oauth: bool = True
    expires_in: int | None = 300
    first_scope_only: bool = False
    private: frozenset[str] = frozenset()
    realm: str = ""
    key: str = "token"
    challenge_scope: str = ""


Authentication = Open | Basic | Bearer


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A page of tags about to be sent: whose, which, and the query of the next one (empty on the last page)."""

    repository: str
    tags: Sequence[str]
    next_query: str


class NumberedTags(Sequence[str]):
    """`count` tags made when asked for, in lexical order: as many as a test likes at no cost."""

    def __init__(self, count: int, prefix: str = "build-") -> None:
        self._count = count
        self.prefix = prefix

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[str]: ...
    def __getitem__(self, index: int | slice) -> str | Sequence[str]:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(self._count))]
        if not -self._count <= index < self._count:
            raise IndexError(index)
        return f"{self.prefix}{index % self._count:09}"


@dataclass(slots=True, kw_only=True)
class _Repository:
    tags: Sequence[str]
    ordered: bool
    manifests: dict[str, tuple[bytes, str]]
    blobs: dict[str, bytes] = field(default_factory=dict)

    def page(self, size: int | None, last: str) -> tuple[Sequence[str], bool]:
        """The tags after `last`, at most `size`, and whether more follow."""
        start = 0
        if last and self.ordered:
            start = bisect_right(self.tags, last)
        elif last:
            start = self.tags.index(last) + 1 if last in self.tags else len(self.tags)
        end = len(self.tags) if size is None else start + size
        return self.tags[start:end], end < len(self.tags)


def error_body(code: str, message: str = "") -> bytes:
    """An error as registries spell it."""
    return json.dumps({"errors": [{"code": code, "message": message or code.lower()}]}).encode()


class RegistryTwin(HttpTwin):
    """An OCI registry that runs while the `with` block does.

    Args:
        authentication: Open, Basic or Bearer.
        page_size: The most tags that one page holds, whatever `n` asks for; None for no bound.
        default_page_size: The tags of a page when `n` is not asked for; None for all.
        refuse_large_pages: Answer 400 `PAGINATION_NUMBER_INVALID` to a larger `n` rather than clamp it.
        tls: Serve HTTPS with this context (`twins/certificates.py` makes one).
        latency: Seconds to wait before each answer.
        link: What to send as `Link` for a page; by default a relative URL in RFC 8288's form, None for no header.
        digest_header: Send `Docker-Content-Digest`.

    """

    def __init__(
        self,
        *,
        authentication: Authentication | None = None,
        page_size: int | None = None,
        default_page_size: int | None = None,
        refuse_large_pages: bool = False,
        tls: ssl.SSLContext | None = None,
        latency: float = 0.0,
        link: Callable[[Page], str | None] | None = None,
        digest_header: bool = True,
    ) -> None:
        super().__init__(tls=tls, latency=latency)
        self.authentication: Authentication = authentication or Open()
        self.page_size = page_size
        self.default_page_size = default_page_size
        self.refuse_large_pages = refuse_large_pages
        self.link = link or _relative_link
        self.digest_header = digest_header
        self._repositories: dict[str, _Repository] = {}
        self._tokens: dict[str, frozenset[str]] = {}
        self._issued = 0

    def expire_tokens(self) -> None:
        """Make every token that was issued worthless."""
        with self._lock:
            self._tokens.clear()

    def fill(self, repository: str, tags: Iterable[str], *, sort: bool = True) -> None:
        """Serve a repository with these tags, each with a manifest of its own, instead of what it had.

        Tags are listed in lexical order, as OCI wants, or as given when `sort` is false. `NumberedTags` is not copied.
        """
        kept: Sequence[str] = tags if isinstance(tags, NumberedTags) else list(tags)
        ordered = sort or isinstance(tags, NumberedTags)
        if sort and not isinstance(tags, NumberedTags):
            kept = sorted(kept)
        with self._lock:
            self._repositories[repository] = _Repository(tags=kept, ordered=ordered, manifests={})

    def put_manifest(self, repository: str, tag: str, manifest: bytes, media_type: str = OCI_INDEX) -> str:
        """Give a tag of a filled repository other content, and return its digest."""
        digest = digest_of(manifest)
        with self._lock:
            manifests = self._repositories[repository].manifests
            manifests[tag] = manifests[digest] = (manifest, media_type)
        return digest

    def put_blob(self, repository: str, content: bytes) -> str:
        """Have a filled repository serve a blob, and return its digest."""
        digest = digest_of(content)
        with self._lock:
            self._repositories[repository].blobs[digest] = content
        return digest

    def put_image(
        self,
        repository: str,
        tag: str,
        labels: Mapping[str, str],
        *,
        annotations: Mapping[str, str] | None = None,
        platforms: Sequence[str] = ("linux/amd64", "unknown/unknown"),
    ) -> str:
        """Give a tag of a filled repository an image with labels, and return its digest.

        It is an index of one manifest for each platform, all with these annotations; without platforms it is such a
        manifest itself. `unknown/unknown` is an attestation and has none.
        """
        if not platforms:
            return self.put_manifest(repository, tag, *self._image(repository, "linux/amd64", labels, annotations))
        entries = []
        for platform in platforms:
            system, architecture = platform.split("/")
            given = {} if system == "unknown" else labels
            manifest, media_type = self._image(repository, platform, given, annotations if given else None)
            digest = self.put_manifest(repository, digest_of(manifest), manifest, media_type)
            described = {"os": system, "architecture": architecture}
            entries.append({"mediaType": media_type, "digest": digest, "size": len(manifest), "platform": described})
        index = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": entries}
        return self.put_manifest(repository, tag, json.dumps(index).encode())

    def _image(
        self, repository: str, platform: str, labels: Mapping[str, str], annotations: Mapping[str, str] | None
    ) -> tuple[bytes, str]:
        system, architecture = platform.split("/")
        config = json.dumps({"os": system, "architecture": architecture, "config": {"Labels": dict(labels)}}).encode()
        described = {"mediaType": OCI_CONFIG, "digest": self.put_blob(repository, config), "size": len(config)}
        manifest = {"schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": described, "layers": []}
        if annotations:
            manifest["annotations"] = dict(annotations)
        return json.dumps(manifest).encode(), OCI_MANIFEST

    def manifest(self, repository: str, tag: str) -> tuple[bytes, str]:
        """The bytes and the media type that a tag serves."""
        stored = self._repositories[repository].manifests.get(tag)
        return stored or (_made_up_manifest(repository, tag), OCI_INDEX)

    def digest(self, repository: str, tag: str) -> str:
        """The digest that a tag has."""
        return digest_of(self.manifest(repository, tag)[0])

    def answer(self, request: RecordedRequest) -> Answer:
        """What an OCI registry answers."""
        if request.path == "/token":
            return self._token(request)
        name, kind, reference = _parse_path(request.path)
        refusal = self._refusal(request, name)
        if refusal is not None:
            return refusal
        if request.method not in ("GET", "HEAD"):
            return Answer(status=405, body=error_body("UNSUPPORTED"))
        if request.path in ("/v2", "/v2/"):
            return Answer(status=200, headers={"Content-Type": "application/json"}, body=b"{}")
        return self._read(name, kind, reference, request)

    def _read(self, name: str, kind: str, reference: str, request: RecordedRequest) -> Answer:
        repository = self._repositories.get(name)
        if repository is None or not kind:
            return Answer(status=404, body=error_body("NAME_UNKNOWN", "repository name not known to registry"))
        if kind == "tags":
            return self._tags(name, repository, request)
        if kind == "blobs":
            return _blob(repository, reference)
        return self._manifest(name, repository, reference)

    def _tags(self, name: str, repository: _Repository, request: RecordedRequest) -> Answer:
        asked = request.query.get("n", ("",))[0]
        size = int(asked) if asked else self.default_page_size
        if self.page_size is not None and (size is None or size > self.page_size):
            if asked and self.refuse_large_pages:
                return Answer(status=400, body=error_body("PAGINATION_NUMBER_INVALID"))
            size = self.page_size
        tags, more = repository.page(size, request.query.get("last", ("",))[0])
        following = f"last={quote(tags[-1])}&n={size}" if more and tags else ""
        link = self.link(Page(repository=name, tags=tags, next_query=following))
        headers = {"Content-Type": "application/json", **({"Link": link} if link else {})}
        return Answer(status=200, headers=headers, body=json.dumps({"name": name, "tags": list(tags)}).encode())

    def _manifest(self, name: str, repository: _Repository, reference: str) -> Answer:
        if reference not in repository.tags and reference not in repository.manifests:
            return Answer(status=404, body=error_body("MANIFEST_UNKNOWN", "manifest unknown"))
        body, media_type = self.manifest(name, reference)
        digest = {"Docker-Content-Digest": digest_of(body)} if self.digest_header else {}
        return Answer(status=200, headers={"Content-Type": media_type, **digest}, body=body)

    def _refusal(self, request: RecordedRequest, name: str) -> Answer | None:
        """The 401 that a request without the right credentials gets."""
        given = request.headers.get("authorization", "")
        match self.authentication:
            case Basic(username=username, password=password) if given != _basic(username, password):
                return _unauthorized('Basic realm="twin"')
            case Bearer() as bearer if not self._opens(given.removeprefix("Bearer "), name, bearer):
                scope = bearer.challenge_scope or (f"repository:{name}:pull" if name else "")
                realm = bearer.realm or f"{self.url}/token"
                parameters = f'realm="{realm}",service="twin"' + (f',scope="{scope}"' if scope else "")
                failure = ',error="insufficient_scope"' if given else ""
                return _unauthorized(f"Bearer {parameters}{failure}")
            case _:
                return None

    def _opens(self, token: str, name: str, bearer: Bearer) -> bool:
        if bearer.registry_token and token == bearer.registry_token:
            return True
        with self._lock:
            opened = self._tokens.get(token)
        return opened is not None and (not name or name in opened)

    def _token(self, request: RecordedRequest) -> Answer:
        bearer = self.authentication
        if not isinstance(bearer, Bearer):
            return Answer(status=404)
        form = {key: tuple(values) for key, values in parse_qs(request.body.decode()).items()}
        if request.method == "POST":
            if not bearer.oauth:
                return Answer(status=404)
            known = form.get("refresh_token") == (bearer.identity_token,)
            scopes = form.get("scope", ("",))[0].split(" ")
        else:
            given = request.headers.get("authorization", "")
            known = bool(bearer.username) and given == _basic(bearer.username, bearer.password)
            scopes = list(request.query.get("scope", ()))
            if given and not known:
                return Answer(status=401, body=error_body("UNAUTHORIZED", "incorrect username or password"))
        if not known and ((bearer.username and not bearer.private) or request.method == "POST"):
            return Answer(status=401, body=error_body("UNAUTHORIZED", "authentication required"))
        return self._issue(bearer, scopes[:1] if bearer.first_scope_only else scopes, known=known)

    def _issue(self, bearer: Bearer, scopes: Sequence[str], *, known: bool) -> Answer:
        names = {scope.split(":")[1] for scope in scopes if scope.startswith("repository:") and "pull" in scope}
        opened = frozenset(names if known else names - bearer.private)
        with self._lock:
            self._issued += 1
            token = f"token-{self._issued}-{hashlib.sha256(repr(sorted(opened)).encode()).hexdigest()[:8]}"
            self._tokens[token] = opened
        body: dict[str, object] = {bearer.key: token}
        if bearer.expires_in is not None:
            body["expires_in"] = bearer.expires_in
        return Answer(status=200, headers={"Content-Type": "application/json"}, body=json.dumps(body).encode())


def digest_of(manifest: bytes) -> str:
    """The digest of the bytes of a manifest."""
    return f"sha256:{hashlib.sha256(manifest).hexdigest()}"


def _blob(repository: _Repository, digest: str) -> Answer:
    if digest not in repository.blobs:
        return Answer(status=404, body=error_body("BLOB_UNKNOWN", "blob unknown to registry"))
    headers = {"Content-Type": "application/octet-stream", "Docker-Content-Digest": digest}
    return Answer(status=200, headers=headers, body=repository.blobs[digest])


def _made_up_manifest(repository: str, tag: str) -> bytes:
    return json.dumps(
        {
            "schemaVersion": 2,
            "mediaType": OCI_INDEX,
            "manifests": [],
            "annotations": {"org.opencontainers.image.ref.name": f"{repository}:{tag}"},
        }
    ).encode()


def _relative_link(page: Page) -> str | None:
    return f'</v2/{page.repository}/tags/list?{page.next_query}>; rel="next"' if page.next_query else None


def _basic(username: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{username}:{password}".encode()).decode()


def _unauthorized(challenge: str) -> Answer:
    return Answer(
        status=401,
        headers={"WWW-Authenticate": challenge, "Content-Type": "application/json"},
        body=error_body("UNAUTHORIZED", "authentication required"),
    )


def _parse_path(path: str) -> tuple[str, str, str]:
    """The repository, `tags`, `manifests` or `blobs`, and the reference in a path of the API; empty where none is."""
    parts = path.removeprefix("/v2/").split("/")
    if parts[-2:] == ["tags", "list"]:
        return "/".join(parts[:-2]), "tags", ""
    if len(parts) > 2 and parts[-2] in ("manifests", "blobs"):
        return "/".join(parts[:-2]), parts[-2], parts[-1]
    return "", "", ""
