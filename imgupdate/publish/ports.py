"""What publishing needs of the outside world. The adapters `github` and `git` fulfil it by their shape.

The values are those of `imgupdate.remote`. Every method raises `PublishError` where the remote refuses or fails, with
the setting to change where that is known.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from imgupdate.config.model import GitRef
from imgupdate.files import Files
from imgupdate.remote import (
    BlobId,
    CommitDraft,
    CommitId,
    Decoration,
    MadeCommit,
    MergeMethod,
    PullRequest,
    PullRequestDraft,
    Push,
    Series,
    TreeId,
)
from imgupdate.results import FileEdit, Problem


class CommitTree(Files, Protocol):
    """The files of a commit. Links inside the tree are followed; submodules are not entered."""

    @property
    def id(self) -> TreeId:
        """The hash of the tree."""
        ...


class Remote(Protocol):
    """A remote Git repository: through GitHub's API, or through the git program."""

    def default_branch(self) -> str:
        """The name of the branch that the repository's HEAD names."""
        ...

    def resolve(self, ref: GitRef) -> CommitId:
        """The commit that a reference names, by the precedence of spec/flux.md 6.2.

        Raises:
            PublishError: it names none.

        """
        ...

    def head(self, branch: str) -> CommitId | None:
        """The commit that a branch points to, asked anew each time; None where there is no such branch."""
        ...

    def tree(self, commit: CommitId) -> CommitTree:
        """The files of a commit, read as they are asked for."""
        ...

    def write_tree(self, base: TreeId, edits: Sequence[FileEdit]) -> TreeId:
        """A tree that is `base` but for the content of the edited files, whose modes stay. No edits: `base` itself."""
        ...

    def commit(self, draft: CommitDraft) -> MadeCommit:
        """Make a commit that no branch has yet."""
        ...

    def series(self, base: CommitId, head: CommitId) -> Series:
        """The commits that are reachable from `head` and not from `base`."""
        ...

    def changed(self, commit: CommitId) -> Mapping[str, BlobId] | None:
        """The files that a commit modified against its first parent, and what they hold since.

        None where it did something else as well: added, removed, renamed, changed a mode, merged, or touched more files
        than can be told.
        """
        ...

    def push(self, push: Push) -> None:
        """Move or make a branch, atomically.

        Raises:
            BranchMoved: the branch is not where it was expected, or the commit does not descend from that and there is
                no `force`.

        """
        ...

    def delete(self, branch: str, expected: CommitId) -> None:
        """Delete a branch, atomically; that it is gone already is no failure.

        Raises:
            BranchMoved: it points elsewhere.

        """
        ...


class PullRequests(Protocol):
    """The pull requests of a repository."""

    def open(self, base: str) -> Sequence[PullRequest]:
        """Those into a branch that are open and come from the repository itself, newest first."""
        ...

    def closed(self, branch: str, base: str) -> Sequence[PullRequest]:
        """The closed and merged ones from a branch into another, the latest first, at most 100."""
        ...

    def create(self, draft: PullRequestDraft) -> PullRequest:
        """Open a pull request.

        Raises:
            PullRequestExists: there is one already from that branch into that base.

        """
        ...

    def update(self, number: int, *, title: str, body: str) -> PullRequest:
        """Give a pull request another title and body."""
        ...

    def close(self, number: int, *, body: str) -> None:
        """Close a pull request and give it a last body, in one step."""
        ...

    def comment_once(self, number: int, text: str, *, marker: str) -> bool:
        """Comment, unless a comment of a pull request holds the marker already; whether one was written."""
        ...

    def decorate(self, number: int, decoration: Decoration) -> Sequence[Problem]:
        """Add what a pull request lacks of labels and people; what could not be added, as warnings."""
        ...

    def enable_auto_merge(self, number: int, method: MergeMethod, *, head: CommitId) -> Sequence[Problem]:
        """Have a pull request merged once its checks allow it; at once where nothing holds it back.

        What the repository does not allow is a warning.
        """
        ...
