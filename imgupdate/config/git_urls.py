"""Tells whether two spellings of a Git address mean one repository."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import SplitResult, unquote, urlsplit

# What a host calls itself over one protocol, and its name over all (GitHub's SSH over the HTTPS port; GitLab's too).
_ALIASES = {"ssh.github.com": "github.com", "www.github.com": "github.com", "altssh.gitlab.com": "gitlab.com"}
_DEFAULT_PORTS = {"http": 80, "https": 443, "ssh": 22, "git": 9418}
_SCHEMES = {"git+ssh": "ssh", "ssh+git": "ssh", "git+https": "https", "git+http": "http"}

# user@host:path, where the path does not begin like a port of a URL; a host may be an IPv6 address in brackets.
_SCP = re.compile(r"(?:[^@/\s]+@)?(?P<host>\[[^\]/\s]+\]|[^:/\s\[\]]+):(?P<path>(?!//).*)", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Address:
    """`port` is one that differs from the default of its scheme: ports of different schemes say nothing."""

    host: str
    path: str
    scheme: str = ""
    port: int | None = None


def same_repository(first: str, second: str) -> bool:
    """Whether two Git URLs mean one repository.

    Over HTTPS, SSH, scp-like or with user-info, with or without `.git`; host and path without regard to case, as
    GitHub and GitHub Enterprise hold them.

    >>> same_repository("ssh://git@github.com/Org/fleet", "https://github.com/org/fleet.git")
    True
    """
    one, other = _address(first), _address(second)
    if one is None or other is None or (one.host, one.path) != (other.host, other.path):
        return False
    return one.scheme != other.scheme or one.port == other.port


def _address(url: str) -> _Address | None:
    """The parts that identify a repository, None where a text is no Git address."""
    text = url.strip()
    if "://" in text:
        try:
            return _from_url(urlsplit(text))
        except ValueError:
            return None
    if match := _SCP.fullmatch(text):
        return _with_host(match["host"], match["path"], "ssh", None)
    return _Address(host="", path=_path(text)) if text.startswith("/") else None


def _from_url(parts: SplitResult) -> _Address | None:
    scheme = _SCHEMES.get(parts.scheme, parts.scheme)
    if scheme == "file":
        return _Address(host="", path=_path(parts.path))
    if not parts.hostname:
        return None
    port = parts.port if parts.port != _DEFAULT_PORTS.get(scheme) else None
    return _with_host(parts.hostname, parts.path, scheme, port)


def _with_host(host: str, path: str, scheme: str, port: int | None) -> _Address | None:
    name = host.strip("[]").lower().rstrip(".")
    clean = _path(path)
    if not clean:
        return None
    if name in _ALIASES:
        return _Address(host=_ALIASES[name], path=clean, scheme=scheme)
    return _Address(host=name, path=clean, scheme=scheme, port=port)


def _path(path: str) -> str:
    clean = unquote(path).strip("/").lower().removesuffix(".git").strip("/")
    return "/".join(part for part in clean.split("/") if part)
