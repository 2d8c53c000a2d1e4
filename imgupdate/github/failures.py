"""What people read when GitHub refuses: what happened, why, and which setting to change (spec/github-actions.md 6).

GitHub's own words are a stranger's: on one line, bounded, without the token.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from urllib.parse import quote

from imgupdate.errors import PublishError
from imgupdate.github.access import Access
from imgupdate.report.text import clean

LONGEST_WORDS = 300
_MOST_ERRORS = 10
_LATEST = 253_000_000_000


class Kind(StrEnum):
    """Why GitHub refused, as far as that decides what to do next."""

    EXISTS = "exists"
    NOT_FAST_FORWARD = "not-fast-forward"
    NO_SUCH_REF = "no-such-ref"
    NO_COMMITS = "no-commits"
    NO_NODE = "no-node"
    NOT_FOUND = "not-found"
    NOT_PERMITTED = "not-permitted"
    EMPTY = "empty"
    NO_SUCH_FIELD = "no-such-field"
    CLEAN = "clean"
    OTHER = "other"


class Refused(PublishError):
    """GitHub answered no. `status` is that of HTTP, `words` are its own, cleaned."""

    def __init__(self, message: str, *, remedy: str, status: int, words: str, kind: Kind) -> None:
        super().__init__(message, remedy=remedy)
        self.status = status
        self.words = words
        self.kind = kind


class NothingToMerge(PublishError):
    """A pull request cannot be opened since its branch holds no commit that its base has not."""


class NoUpdateRefs(PublishError):
    """The server does not know how to move a branch from one commit to another and from no other."""


@dataclass(frozen=True, slots=True)
class _Rule:
    """If the status is one of these and the words match: the kind, and what to do."""

    statuses: frozenset[int]
    words: re.Pattern[str]
    kind: Kind
    remedy: str


def _rule(statuses: int | tuple[int, ...], words: str, kind: Kind, remedy: str = "") -> _Rule:
    several = (statuses,) if isinstance(statuses, int) else statuses
    return _Rule(frozenset(several), re.compile(words, re.IGNORECASE), kind, remedy)


_ANY = (400, 403, 404, 405, 409, 422)
_CONCURRENT = "another run was faster; give the workflow a `concurrency` group, so that runs wait for each other"
_PERMISSIONS = (
    "give the job `permissions: contents: write` and `pull-requests: write` (a workflow that a fork's pull request "
    "starts can have neither), or pass the token of a GitHub App as `token`"
)
_RULES = (
    _rule(
        401,
        "",
        Kind.OTHER,
        "check the secret that `token` is filled from: the token is wrong, has expired or was revoked",
    ),
    _rule(
        _ANY,
        r"not permitted to create or approve pull requests",
        Kind.NOT_PERMITTED,
        "tick 'Allow GitHub Actions to create and approve pull requests' under Settings → Actions → General → Workflow "
        "permissions (where it is greyed out, an owner of the organization has to), or pass the token of a GitHub App "
        "as `token`",
    ),
    _rule(
        _ANY,
        r"without `?workflows?`? (permission|scope)|refusing to allow .* workflow",
        Kind.OTHER,
        "the change touches .github/workflows, which the token of a workflow may not; pass the token of a GitHub App "
        "that has the permission Workflows",
    ),
    _rule(
        _ANY,
        r"must have verified signatures|commit signatures? (is|are) required",
        Kind.OTHER,
        "the branch takes signed commits only: let GitHub sign (`sign: github`, with GITHUB_TOKEN or the token of a "
        "GitHub App), or give the automation a signingKey",
    ),
    _rule(
        _ANY,
        r"GH006|GH013|protected (branch|ref)|rule violations|cannot force-push to this branch|through a pull request|"
        r"required status check|cannot delete this branch|approving review|not authorized to push|being restricted",
        Kind.OTHER,
        "the branch is protected: publish by pull request (`publish: pull-request`, or a push branch of its own), or "
        "let the token's owner bypass the rules",
    ),
    _rule(
        (403, 404),
        r"SAML|single sign-on|\bSSO\b",
        Kind.OTHER,
        "authorize the token for the organization's single sign-on (Settings → Developer settings → the token → "
        "Configure SSO), or pass the token of a GitHub App",
    ),
    _rule(
        403,
        r"IP allow list",
        Kind.OTHER,
        "the organization lets in certain addresses only: run on a runner with such an address",
    ),
    _rule(_ANY, r"archived", Kind.OTHER, "the repository is archived; unarchive it in its settings"),
    _rule(
        _ANY,
        r"\blocked\b|migrat|disabled|blocked|suspended",
        Kind.OTHER,
        "the repository, the pull request or the account is locked; look at its page on GitHub for why",
    ),
    _rule(_ANY, r"repository is empty", Kind.EMPTY, "push a first commit to the repository"),
    _rule(
        403,
        r"resource not accessible by personal access token",
        Kind.NOT_PERMITTED,
        "give the personal access token Contents and Pull requests (read and write) for this repository",
    ),
    _rule(403, r"resource not accessible", Kind.NOT_PERMITTED, _PERMISSIONS),
    _rule(422, r"pull request already exists|reference already exists", Kind.EXISTS, _CONCURRENT),
    _rule(422, r"not a fast.?forward", Kind.NOT_FAST_FORWARD, _CONCURRENT),
    _rule(422, r"reference does not exist", Kind.NO_SUCH_REF, _CONCURRENT),
    _rule(
        422,
        r"reference update failed",
        Kind.OTHER,
        "a branch stands where this one needs a folder, or the other way round (`a` and `a/b`): rename it, or name "
        "another with the input `branch` or in spec.git.push.branch",
    ),
    _rule(422, r"no commits between", Kind.NO_COMMITS, "nothing is lost: the branch has nothing that its base has not"),
    _rule(422, r"\b(head|base) invalid", Kind.OTHER, "check that both branches exist in the repository"),
    _rule(_ANY, r"could not resolve to an? .*?node", Kind.NO_NODE, "check the name; GitHub does not know it"),
    _rule(_ANY, r"clean status", Kind.CLEAN),
    _rule(_ANY, r"doesn't exist on type|isn't a defined input type|doesn't accept argument", Kind.NO_SUCH_FIELD),
    _rule(
        422,
        r"draft pull requests are not supported",
        Kind.OTHER,
        "set `draft: false`; the plan of this repository has no draft pull requests",
    ),
    _rule(
        404,
        "",
        Kind.NOT_FOUND,
        "check that the repository is named right and that the token may see and write it; to a token without access "
        "GitHub says that nothing is there",
    ),
    _rule(403, "", Kind.NOT_PERMITTED, _PERMISSIONS),
    _rule((301, 302), "", Kind.OTHER, "the repository was renamed or moved; name it as it is now"),
)


def refused(what: str, status: int, data: object, access: Access) -> Refused:
    """The error for an answer that says no; `what` completes "GitHub does not let us …"."""
    words = said(data, access)
    rule = next((rule for rule in _RULES if status in rule.statuses and rule.words.search(words)), None)
    detail = f"{status}: {words}" if words else str(status)
    return Refused(
        f"GitHub does not let us {what} ({detail})",
        remedy=rule.remedy if rule else "",
        status=status,
        words=words,
        kind=rule.kind if rule else Kind.OTHER,
    )


def said(data: object, access: Access) -> str:
    """GitHub's words in the body of an error, of REST or GraphQL: message and details, on one line."""
    parts = dict.fromkeys(" ".join(part.split()) for part in messages(data) if part.strip())
    return clean("; ".join(parts).replace(access.token, "***"), LONGEST_WORDS)


def messages(data: object) -> Iterator[str]:
    """GitHub's words as they stand in the body of an error, at most some thousand characters of each."""
    if not isinstance(data, dict):
        return
    if isinstance(data.get("message"), str):
        yield data["message"][: 4 * LONGEST_WORDS]
    errors = data.get("errors")
    for error in errors[:_MOST_ERRORS] if isinstance(errors, list) else ():
        if isinstance(error, str):
            yield error[: 4 * LONGEST_WORDS]
        elif isinstance(error, dict):
            if isinstance(error.get("message"), str):
                yield error["message"][: 4 * LONGEST_WORDS]
            elif isinstance(error.get("code"), str):
                yield f"{error.get('field', '')} {error['code']}"[:LONGEST_WORDS].strip()


def unreachable(what: str, reason: str, access: Access) -> PublishError:
    """The error where there is no answer at all, again and again."""
    return PublishError(
        f"GitHub does not let us {what}: {access.api} gives no answer ({reason})",
        remedy="run again later; look at the status page of GitHub, and at the proxy and firewall of the runner",
    )


def failing(what: str, status: int, data: object, access: Access) -> PublishError:
    """The error where GitHub itself fails, again and again."""
    words = said(data, access)
    return PublishError(
        f"GitHub does not let us {what}: it fails ({f'{status}: {words}' if words else status})",
        remedy="run again later; look at the status page of GitHub",
    )


def limited(what: str, until: float, *, primary: bool) -> PublishError:
    """The error where GitHub wants us to wait for longer than we may."""
    when = datetime.fromtimestamp(min(max(until, 0), _LATEST), tz=UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    limit = "its limit of requests for this token is used up" if primary else "it has had too many requests at once"
    return PublishError(
        f"GitHub does not let us {what}: {limit}, and it wants us to wait until {when}",
        remedy="run again then; the token of a GitHub App has a higher limit, and fewer groups (`group-by`) need less",
    )


def compare_url(access: Access, base: str, branch: str) -> str:
    """The page on which a person opens a pull request from a branch that is there."""
    return f"{access.server}/{access.repository}/compare/{quote(base, safe='/')}...{quote(branch, safe='/')}?expand=1"
