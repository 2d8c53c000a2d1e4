"""Where GitHub is, who we are there, and how much we take from it and wait for it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import SplitResult, urlsplit

from imgupdate.errors import UsageError, shown

_OWNER_AND_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}/(?!\.{1,2}\Z)[A-Za-z0-9_.-]{1,100}")
_TOKEN = re.compile(r"[\x21-\x7e]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Bounds of talking to GitHub. Times are seconds, sizes bytes.

    `connect` and `read` bound one step of a request, `whole` a request from its first byte to the answer's last. `wait`
    bounds all waiting of a run for rate limits and after failures together. A file is read up to `file_bytes`, and
    looked through for markers up to `screened_bytes`.
    """

    connect: float = 10.0
    read: float = 30.0
    whole: float = 120.0
    wait: float = 120.0
    attempts: int = 6
    answer_bytes: int = 64 << 20
    pages: int = 50
    tree_entries: int = 1_000_000
    tree_requests: int = 1_000
    file_bytes: int = 10 << 20
    screened_bytes: int = 40 << 20
    fetched_files: int = 500
    kept_bytes: int = 256 << 20
    at_once: int = 8
    burst: int = 20
    writes_a_second: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """A repository on GitHub or a GitHub Enterprise Server, and the token to reach it with.

    `api_url`, `graphql_url` and `server_url` are the runner's GITHUB_API_URL, GITHUB_GRAPHQL_URL and GITHUB_SERVER_URL;
    without the last two they are derived from the first. `proxy` is the URL of an HTTP proxy, if there is one on the
    way; `authorities` a file of certificates to trust in place of certifi's.
    """

    token: str = field(repr=False)
    repository: str
    api_url: str = "https://api.github.com"
    graphql_url: str = ""
    server_url: str = ""
    proxy: str = field(default="", repr=False)
    authorities: str = ""

    def __post_init__(self) -> None:
        """Hold what is given against what GitHub has.

        Raises:
            UsageError: the token, the repository or an address is none.

        """
        if not _OWNER_AND_NAME.fullmatch(self.repository):
            raise UsageError(f"{shown(self.repository)} is not a repository", remedy="name it as owner/name")
        if not self.token:
            raise UsageError("there is no token for GitHub", remedy="set the input `token`, or GITHUB_TOKEN")
        if not _TOKEN.fullmatch(self.token):
            raise UsageError(
                "the token for GitHub holds characters that no token has",
                remedy="look for a line break or a space in the secret",
            )
        api = _address(self.api_url, "the address of GitHub's API")
        graphql = _address(self.graphql, "the address of GitHub's GraphQL API")
        beside = graphql.path.startswith((api.path.rstrip("/"), "/api/"))
        if (api.scheme, api.netloc) != (graphql.scheme, graphql.netloc) or not beside:
            raise UsageError(
                "GitHub's two APIs are not in one place; the token goes to one only",
                remedy="set GITHUB_API_URL and GITHUB_GRAPHQL_URL to addresses of the same host",
            )
        _address(self.server, "the address of GitHub")

    @property
    def owner(self) -> str:
        """Whose repository it is."""
        return self.repository.partition("/")[0]

    @property
    def api(self) -> str:
        """The root of the REST API, without a final slash."""
        return self.api_url.rstrip("/")

    @property
    def graphql(self) -> str:
        """The address of the GraphQL API: of an Enterprise Server it is beside `/api/v3`."""
        return self.graphql_url or f"{self.api.removesuffix('/v3')}/graphql"

    @property
    def server(self) -> str:
        """The address for people, without a final slash."""
        if self.server_url:
            return self.server_url.rstrip("/")
        return self.api.removesuffix("/api/v3").replace("://api.", "://", 1)


def _address(text: str, what: str) -> SplitResult:
    try:
        parts = urlsplit(text)
        wrong = parts.scheme not in {"http", "https"} or not parts.hostname or parts.port == 0
    except ValueError as error:
        raise UsageError(f"{what} is not a URL", remedy="write it as https://host/path") from error
    if wrong or parts.query or parts.fragment or "@" in parts.netloc or not _TOKEN.fullmatch(text):
        raise UsageError(f"{what} is not a URL of the form https://host/path")
    return parts
