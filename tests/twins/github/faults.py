"""GitHub's failures, for `GitHubTwin.fail`: what it says instead of the right answer, or in place of one that it gave.

The texts are GitHub's, so that a client that goes by them can be tested.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.twins.github.calls import Refused, invalid
from tests.twins.github.contract import Json

SECONDARY = (
    "You have exceeded a secondary rate limit. Please wait a few minutes before you try again. "
    "If you reach out to GitHub Support for help, please include the request ID."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """One way to fail.

    `status` 0 drops the connection. `reset_in` is the seconds from now to what `x-ratelimit-reset` says; with it, the
    limit is said to be used up.
    """

    status: int
    body: Json = None
    headers: Mapping[str, str] = field(default_factory=dict)
    reset_in: int | None = None


def _said(refused: Refused, **headers: str) -> Failure:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Failure(status=refused.status, body=refused.body, headers=named)


def dropped() -> Failure:
    """The connection is closed without an answer."""
    return Failure(status=0)


def primary_limit(reset_in: int = 30) -> Failure:
    """The hourly limit is used up."""
    refused = Refused(403, "API rate limit exceeded for installation ID 12345678.")
    return Failure(status=403, body=refused.body, reset_in=reset_in)


def secondary_limit(*, status: int = 403, retry_after: int | None = None) -> Failure:
    """Too much at once, with or without a word on how long to wait."""
    refused = Refused(status, SECONDARY)
    return _said(refused) if retry_after is None else _said(refused, retry_after=str(retry_after))


def server_error(status: int = 502) -> Failure:
    """GitHub itself is in trouble: JSON for a 500, a page from the proxy for the others."""
    if status == 500:
        return Failure(status=500, body={"message": "Server Error", "documentation_url": "", "status": "500"})
    page = "<html><body><h1>Unicorn!</h1></body></html>"
    return Failure(status=status, body=page, headers={"Content-Type": "text/html"})


def refusal(status: int, message: str, *errors: Json) -> Failure:
    """Any other no."""
    return _said(Refused(status, message, *errors))


def empty_repository() -> Failure:
    """409: there is no commit yet."""
    return refusal(409, "Git Repository is empty.")


def bad_credentials() -> Failure:
    """401: the token has expired or was revoked."""
    return refusal(401, "Bad credentials")


def not_permitted_to_create_pull_requests() -> Failure:
    """403: the repository's setting forbids it to workflows."""
    return refusal(403, "GitHub Actions is not permitted to create or approve pull requests.")


def not_accessible() -> Failure:
    """403: the token lacks a permission."""
    return refusal(403, "Resource not accessible by integration")


def workflow_refused(path: str = ".github/workflows/ci.yaml") -> Failure:
    """422: the token must not change workflows."""
    message = f"refusing to allow a GitHub App to create or update workflow `{path}` without `workflows` permission"
    return refusal(422, message)


def reference_exists() -> Failure:
    """422: the ref is there."""
    return refusal(422, "Reference already exists")


def reference_missing() -> Failure:
    """422: the ref is not there."""
    return refusal(422, "Reference does not exist")


def not_fast_forward() -> Failure:
    """422: the ref has moved elsewhere."""
    return refusal(422, "Update is not a fast forward")


def reference_raced() -> Failure:
    """422: another client moved the ref at the same moment."""
    return refusal(422, "Reference cannot be updated")


def rule_violation(*rules: str) -> Failure:
    """422: the branch is protected."""
    told = rules or ("Changes must be made through a pull request.",)
    return refusal(422, "Repository rule violations found\n\n" + "\n\n".join(told) + "\n\n")


def pull_exists(label: str) -> Failure:
    """422: there is a pull request from that branch already."""
    return _said(invalid("PullRequest", message=f"A pull request already exists for {label}."))


def no_commits(base: str, head: str) -> Failure:
    """422: the branch has nothing that the base has not."""
    return _said(invalid("PullRequest", message=f"No commits between {base} and {head}"))


def body_too_long() -> Failure:
    """422: the body is longer than GitHub takes."""
    return _said(invalid("Issue", "body", message="body is too long (maximum is 65536 characters)"))


def fork_collaboration() -> Failure:
    """422: maintainers cannot be allowed to modify a branch of the same repository."""
    message = "Fork collab can't be granted by someone without permission"
    return _said(invalid("PullRequest", "fork_collab", message=message))


def not_resolved() -> Failure:
    """422: what was made a moment ago is not to be found yet."""
    return refusal(422, "Could not resolve to a node with the global id of 'PR_kwDOABCDEF4AAAAA'.")
