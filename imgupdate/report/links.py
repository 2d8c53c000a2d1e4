"""Addresses of files, commits and comparisons, on GitHub and where images say that their source is.

What an image says is a stranger's word: a link to it goes to a plain web address or is not made.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

SOURCE = "org.opencontainers.image.source"
REVISION = "org.opencontainers.image.revision"

_LONGEST = 1000
"""Up to how many characters an address is a link."""

_HOST = re.compile(
    r"(?=.{1,253}(?::|$))[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)+(?::[0-9]{1,5})?"
)
_SEGMENT = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._~-]{0,99}|\.[A-Za-z0-9_-][A-Za-z0-9._~-]{0,98}")
_COMMIT = re.compile(r"[0-9a-f]{7,64}")
_REF = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._+-]{0,99}(?:/[A-Za-z0-9_][A-Za-z0-9._+-]{0,99}){0,4}")
_SSH = re.compile(r"(?:ssh://)?git@([^/:]+)[/:](.+)")
_SEGMENTS = range(2, 7)
_OTHERS = re.compile(
    r"(?:.+\.)?(?:bitbucket\.org|azure\.com|visualstudio\.com|sr\.ht|googlesource\.com|amazonaws\.com)"
)
"""Hosts of repositories that have no address for a comparison, or one of another form."""


@dataclass(frozen=True, slots=True)
class Links:
    """The addresses of one repository at one commit, such as `https://github.com`, `owner/name`."""

    server_url: str
    repository: str
    commit: str

    def file(self, path: str, line: int = 0) -> str:
        """The address of a file, at a line if there is one; empty where it would be no good link."""
        try:
            name = path.encode("utf-8", "surrogateescape")
        except UnicodeEncodeError:
            return ""
        fragment = f"#L{line}" if line else ""
        plain = "?plain=1" if fragment and path.lower().endswith((".md", ".markdown")) else ""
        return self._of(f"blob/{quote(self.commit, safe='/')}/{quote(name, safe='/~')}{plain}{fragment}")

    def compare(self, base: str, head: str) -> str:
        """The address of what one branch or commit has and another has not."""
        return self._of(f"compare/{quote(base, safe='/')}...{quote(head, safe='/')}")

    def _of(self, path: str) -> str:
        return web_address(f"{self.server_url.rstrip('/')}/{quote(self.repository, safe='/')}/{path}")


def web_address(url: str) -> str:
    """A URL that a link may have, unchanged; empty where it is not plain http or https, or is too long.

    Nothing in it ends a link of Markdown.
    """
    if len(url) > _LONGEST or not re.fullmatch(r"https?://[A-Za-z0-9\[][!#$%&'*+,./0-9:;=?@A-Z\[\]_a-z~-]*", url):
        return ""
    try:
        parts = urlsplit(url)
        known = parts.hostname and parts.port != 0 and "@" not in parts.netloc
    except ValueError:
        return ""
    return url if known and not set("[]") & set(parts.path + parts.query + parts.fragment) else ""


def compare_url(source: str, old_revision: str, new_revision: str) -> str:
    """The address of the comparison of two revisions of an image's source; empty where there is none to trust.

    A host with `gitlab` in its name has GitLab's addresses. Others have GitHub's, as GitHub Enterprise Server, Gitea
    and Forgejo have, but for those that are known to have none.

    >>> compare_url("https://github.com/org/app.git", "v1.0.0", "v1.0.1")
    'https://github.com/org/app/compare/v1.0.0...v1.0.1'

    Args:
        source: `org.opencontainers.image.source`: a URL, perhaps that of a clone or of a folder of the repository.
        old_revision: `org.opencontainers.image.revision` of the old image: a commit, or a tag or a branch.
        new_revision: That of the new image.

    """
    repository = _repository(source)
    old, new = _revision(old_revision), _revision(new_revision)
    if not (repository and old and new) or old == new:
        return ""
    middle = "/-/compare/" if _is_gitlab(repository) else "/compare/"
    return web_address(f"{repository}{middle}{quote(old, safe='/')}...{quote(new, safe='/')}")


def compare_of_labels(old: Mapping[str, str], new: Mapping[str, str]) -> str:
    """The comparison that the labels of two images give, if both name one source; empty where they do not."""
    source = new.get(SOURCE, "")
    if _repository(old.get(SOURCE, "")) != _repository(source):
        return ""
    return compare_url(source, old.get(REVISION, ""), new.get(REVISION, ""))


def _repository(source: str) -> str:
    """The web address of a repository, without what may follow its name; empty where the source is none."""
    text = source.strip()
    if len(text) > _LONGEST:
        return ""
    ssh = _SSH.fullmatch(text)
    url = f"https://{ssh[1]}/{ssh[2]}" if ssh else text.removeprefix("git+")
    try:
        parts = urlsplit(url)
        host = parts.netloc.lower()
    except ValueError:
        return ""
    if parts.scheme not in ("http", "https") or not _HOST.fullmatch(host) or _OTHERS.fullmatch(host):
        return ""
    address = f"{parts.scheme}://{host}"
    segments = _segments(parts.path, address)
    if len(segments) not in _SEGMENTS or not all(_SEGMENT.fullmatch(segment) for segment in segments):
        return ""
    return f"{address}/{'/'.join(segments)}"


def _segments(path: str, address: str) -> list[str]:
    """The parts of a repository's name: two, but for GitLab, where groups have groups."""
    segments = path.strip("/").split("/")
    for end, segment in enumerate(segments[:-1], 1):
        if segment.endswith(".git") or segments[end] == "-":
            segments = segments[:end]
            break
    if not _is_gitlab(address):
        segments = segments[:2]
    return [*segments[:-1], segments[-1].removesuffix(".git")]


def _is_gitlab(url: str) -> bool:
    return "gitlab" in url.split("/")[2]


def _revision(text: str) -> str:
    """A commit, or the name of a tag or a branch; empty where it is neither."""
    revision = text.strip()
    named = _REF.fullmatch(revision) and ".." not in revision and not revision.endswith((".", ".lock", "/"))
    return revision if _COMMIT.fullmatch(revision) or named else ""
