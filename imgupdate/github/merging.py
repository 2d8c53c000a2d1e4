"""Auto-merge: GitHub merges a pull request when its checks allow, or we do where nothing holds it back."""

from __future__ import annotations

from collections.abc import Sequence

from imgupdate.errors import PublishError
from imgupdate.github.api import Api, member, text
from imgupdate.github.failures import Kind, Refused
from imgupdate.remote import CommitId, MergeMethod
from imgupdate.results import Problem, Severity

_REMEDIES = (
    (
        "not allowed for this repository",
        "tick 'Allow auto-merge' under Settings → General → Pull Requests of the repository",
    ),
    (
        "protected branch rules not configured",
        "protect the base branch with a rule that requires checks or reviews, for which to wait (Settings → Rules)",
    ),
    ("unstable status", "a check that is not required has failed; look at it, and merge by hand"),
    ("draft", "auto-merge and `draft` do not go together; leave one out"),
    ("merging is not allowed", "allow this method under Settings → General → Pull Requests, or choose another"),
    ("head", "somebody pushed to the branch meanwhile; the next run tries again"),
)
_OTHER = "look at the pull request for what holds it back, and merge it by hand"


class AutoMerge:
    """Has pull requests merged."""

    def __init__(self, api: Api) -> None:
        self._api = api

    def enable(self, number: int, method: MergeMethod, head: CommitId) -> Sequence[Problem]:
        """Have a pull request merged once its checks allow it; what the repository does not allow is a warning."""
        try:
            pull = self._api.get(f"pulls/{number}", f"read pull request #{number}")
            if member(pull, "auto_merge") is None and member(pull, "state") != "closed":
                self._enable(number, text(pull, "node_id"), method, head)
        except PublishError as error:
            return (_warning(number, error),)
        return ()

    def _enable(self, number: int, node: str, method: MergeMethod, head: CommitId) -> None:
        given = {"pullRequestId": node, "mergeMethod": method.name, "expectedHeadOid": head}
        what = f"have pull request #{number} merged automatically"
        try:
            self._api.mutate("enablePullRequestAutoMerge", given, what, returning="clientMutationId")
        except Refused as refused:
            if refused.kind is not Kind.CLEAN:
                raise
            self._merge(number, method, head)

    def _merge(self, number: int, method: MergeMethod, head: CommitId) -> None:
        def effect() -> object:
            pull = self._api.get(f"pulls/{number}", f"read pull request #{number}")
            return True if member(pull, "merged") is True else None

        given = {"sha": head, "merge_method": method.value}
        self._api.send("PUT", f"pulls/{number}/merge", f"merge pull request #{number}", given, effect=effect)


def _warning(number: int, error: PublishError) -> Problem:
    words = error.words.lower() if isinstance(error, Refused) else ""
    remedy = next((remedy for part, remedy in _REMEDIES if part in words), error.remedy or _OTHER)
    return Problem(
        severity=Severity.WARNING,
        message=f"pull request #{number} is not merged automatically: {error.message}",
        remedy=remedy,
    )
