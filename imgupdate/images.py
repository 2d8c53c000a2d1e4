"""Image references, tags and digests: parse, canonical form, print.

References are read as go-containerregistry's weak validation reads them (spec/registry.md 1.1), repositories to scan as
Flux reads `ImageRepository.spec.image` (spec/flux.md 4.1).
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from typing import Literal, NewType

from imgupdate.errors import InvalidReference, shown

Tag = NewType("Tag", str)
Digest = NewType("Digest", str)

Kind = Literal["tag", "digest"]
Scheme = Literal["http", "https"]

DEFAULT_REGISTRY = "index.docker.io"
DEFAULT_TAG = "latest"

_LONGEST_REFERENCE = 1024
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}", re.ASCII)
_WEAK_TAG = re.compile(r"[A-Za-z0-9_.-]{1,128}", re.ASCII)
_WEAK_PATH = re.compile(r"[a-z0-9_./-]{1,255}", re.ASCII)
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}", re.ASCII)

# The distribution specification's grammar of a repository's name.
_COMPONENT = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_NAME = re.compile(rf"{_COMPONENT}(?:/{_COMPONENT})*", re.ASCII)

# The host of a URL as Go reads it: no user-info, no percent, no white space; what follows the last colon is a port.
_AUTHORITY = re.compile(
    r"""(?:\[[0-9A-Fa-f:.]+\]|(?:[-\]A-Za-z0-9._~!$&'()*+,;=<>"\u0080-\U0010ffff]|:(?=.*:))*)(?::[0-9]*)?"""
)
_REACHABLE_HOST = re.compile(r"(?:\[[0-9A-Fa-f:.]+\]|\w[\w.-]*)(?::([0-9]{1,5}))?")
_LARGEST_PORT = 65535

_LOCAL_HOST = re.compile(
    r"localhost:.*|.*\.localhost(?::[0-9]{1,5})?|127\.0\.0\.1(?::[0-9]{1,5})?|::1|\[::1\](?::[0-9]{1,5})?"
)
_PRIVATE_NETWORKS = tuple(map(ipaddress.IPv4Network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")))


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """An image as people write it: a registry, a repository, and a tag or a digest or both.

    >>> parse_reference("nginx").name
    'index.docker.io/library/nginx:latest'
    """

    text: str
    registry: str
    repository: str
    tag: str | None
    digest: str | None

    @property
    def kind(self) -> Kind:
        """Whether the reference is by tag (also where it is only implied) or by digest."""
        return "digest" if self.digest else "tag"

    @property
    def identifier(self) -> str:
        """The digest, else the tag, else `latest`."""
        return self.digest or self.tag or DEFAULT_TAG

    @property
    def name(self) -> str:
        """The canonical name: registry, repository and identifier, all written out."""
        separator = "@" if self.digest else ":"
        return f"{self.registry}/{self.repository}{separator}{self.identifier}"

    @property
    def scheme_hint(self) -> Scheme:
        """`http` for hosts that commonly serve without TLS (spec/registry.md 1.2)."""
        return scheme_hint(self.registry)


@dataclass(frozen=True, slots=True, kw_only=True)
class Repository:
    """An image whose tags are scanned.

    `text` is as written; `registry` and `path` are written out (`index.docker.io`, `library/x`).
    """

    text: str
    registry: str
    path: str

    @property
    def canonical(self) -> str:
        """Registry and path, the same for every spelling of one repository.

        >>> parse_repository("docker.io/nginx").canonical
        'index.docker.io/library/nginx'
        """
        return f"{self.registry}/{self.path}"

    @property
    def scheme_hint(self) -> Scheme:
        """`http` for hosts that commonly serve without TLS (spec/registry.md 1.2)."""
        return scheme_hint(self.registry)

    def __str__(self) -> str:
        return self.text


def parse_reference(text: str) -> Reference:
    """Read an image reference; a missing registry, `library/` and tag are filled in.

    >>> parse_reference("ghcr.io/org/app:1.2").identifier
    '1.2'

    Raises:
        InvalidReference: it is none. The message names the part that is wrong.

    """
    return _parse(text, bare_localhost=True, shortest_path=1)


def parse_repository(text: str) -> Repository:
    """Read the image of an ImageRepository: a repository without scheme, tag or digest.

    Beyond Flux's rules the path must follow the distribution specification, since clients fold `..` and empty parts of
    a URL and would ask for another repository (spec/registry.md 1.5).

    Raises:
        InvalidReference: it is none.

    """
    _, scheme_found, rest = text.partition("://")
    if scheme_found:
        raise InvalidReference(
            f"the image {shown(text)} should not include a URL scheme", remedy=f"write {shown(rest)}"
        )
    reference = _parse(text, bare_localhost=False, shortest_path=2)
    if reference.digest or reference.tag:
        bare = _split_tag(text.partition("@")[0])[0]
        kind = "a digest" if reference.digest else "a tag"
        raise InvalidReference(
            f"the image {shown(text)} should not include {kind}",
            remedy=f"remove {shown(text[len(bare) :])} and write {shown(bare)}",
        )
    host = _REACHABLE_HOST.fullmatch(reference.registry)
    if host is None or int(host[1] or 0) > _LARGEST_PORT:
        raise InvalidReference(
            f"the registry {shown(reference.registry)} of the image {shown(text)} is not a host that can be reached",
            remedy="write a host name or an address (IPv6 in brackets), with a port if needed",
        )
    if not _NAME.fullmatch(reference.repository):
        raise InvalidReference(
            f"the repository {shown(reference.repository)} of the image {shown(text)} is not well formed",
            remedy="write lower-case letters and digits, joined by '.', '_', '__' or '-', one slash between parts",
        )
    return Repository(text=text, registry=reference.registry, path=reference.repository)


def is_tag(text: str) -> bool:
    """Whether a text is a tag that a registry may serve (the distribution specification's grammar)."""
    return _TAG.fullmatch(text) is not None


def parse_tag(text: str) -> Tag:
    """A tag by the distribution specification's grammar.

    Raises:
        InvalidReference: it is none.

    """
    if not is_tag(text):
        raise InvalidReference(
            f"{shown(text)} is not a tag",
            remedy="a tag is 1 to 128 letters, digits, '_', '.' or '-', and begins with neither '.' nor '-'",
        )
    return Tag(text)


def is_digest(text: str) -> bool:
    """Whether a text is a SHA-256 digest in its one spelling."""
    return _DIGEST.fullmatch(text) is not None


def parse_digest(text: str) -> Digest:
    """A SHA-256 digest.

    Raises:
        InvalidReference: it is none.

    """
    if not is_digest(text):
        raise InvalidReference(
            f"{shown(text)} is not a digest", remedy="a digest is sha256: and 64 lower-case hexadecimal digits"
        )
    return Digest(text)


def scheme_hint(registry: str) -> Scheme:
    """`http` for hosts that commonly serve without TLS: loopback, `localhost` with a port, private IPv4 networks.

    It says what to try, not what is allowed (spec/registry.md 1.2).

    >>> scheme_hint("localhost:5000"), scheme_hint("ghcr.io")
    ('http', 'https')
    """
    if _LOCAL_HOST.fullmatch(registry):
        return "http"
    try:
        address = ipaddress.IPv4Address(registry.partition(":")[0])
    except ValueError:
        return "https"
    return "http" if any(address in network for network in _PRIVATE_NETWORKS) else "https"


def _parse(text: str, *, bare_localhost: bool, shortest_path: int) -> Reference:
    """Read a reference. `bare_localhost`: `localhost` without a port is a registry too."""
    if not text:
        raise InvalidReference("the image is empty", remedy="write a name such as ghcr.io/org/app")
    if len(text) > _LONGEST_REFERENCE:
        raise InvalidReference(
            f"the image {shown(text)} is {len(text)} characters long", remedy="write a registry, a repository and a tag"
        )
    name, at, digest = text.partition("@")
    if at and not is_digest(digest):
        raise InvalidReference(
            f"the image {shown(text)} has no valid digest after '@'",
            remedy="a digest is sha256: and 64 lower-case hexadecimal digits; a user name does not belong in an image",
        )
    base, tag = _split_tag(name)
    if tag is not None and not _WEAK_TAG.fullmatch(tag):
        raise InvalidReference(
            f"the image {shown(text)} has an invalid tag {shown(tag)}",
            remedy="a tag is 1 to 128 letters, digits, '_', '.' or '-'",
        )
    registry, path = _split_registry(base, bare_localhost=bare_localhost)
    if not _AUTHORITY.fullmatch(registry) or not _is_bracketed_right(registry):
        raise InvalidReference(
            f"the image {shown(text)} has an invalid registry {shown(registry)}",
            remedy="a registry is a host name or an address, with a port of digits if needed",
        )
    if not _WEAK_PATH.fullmatch(path) or len(path) < shortest_path:
        raise _invalid_path(path, text, shortest_path)
    if registry == DEFAULT_REGISTRY and "/" not in path:
        path = f"library/{path}"
    return Reference(text=text, registry=registry, repository=path, tag=tag, digest=digest or None)


def _is_bracketed_right(registry: str) -> bool:
    """Whether what stands in brackets, if anything does, is an address of IPv6."""
    inside, bracket, _ = registry.removeprefix("[").rpartition("]")
    if not (registry.startswith("[") and bracket):
        return True
    try:
        return bool(ipaddress.IPv6Address(inside))
    except ValueError:
        return False


def _split_tag(name: str) -> tuple[str, str | None]:
    """Cut off what follows the last colon, unless a slash says that the colon belongs to a port."""
    base, colon, tag = name.rpartition(":")
    if not colon or "/" in tag:
        return name, None
    return base, tag


def _split_registry(base: str, *, bare_localhost: bool) -> tuple[str, str]:
    """The registry, Docker Hub's if there is none, and the path of a name without tag and digest."""
    first, slash, rest = base.partition("/")
    if not slash or not ("." in first or ":" in first or (bare_localhost and first == "localhost")):
        return DEFAULT_REGISTRY, base
    return DEFAULT_REGISTRY if first == "docker.io" else first, rest


def _invalid_path(path: str, text: str, shortest: int) -> InvalidReference:
    if path != path.lower() and _WEAK_PATH.fullmatch(path.lower()):
        remedy = f"image names are lower-case, write {shown(text.replace(path, path.lower()))}"
    else:
        remedy = f"a repository is {shortest} to 255 lower-case letters, digits, '_', '.', '-' or '/'"
    return InvalidReference(f"the image {shown(text)} has an invalid repository {shown(path)}", remedy=remedy)
