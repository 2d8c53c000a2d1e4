"""The remote repository as values: commits, branches and pull requests, as Git and GitHub know them.

What the adapters `github` and `git` take and give; `publish` says what it needs of them in its Protocols.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NewType

from imgupdate.config.model import SigningType

CommitId = NewType("CommitId", str)
"""The hash of a commit, 40 (or 64) hexadecimal digits in lower case."""

TreeId = NewType("TreeId", str)
"""The hash of a tree."""

BlobId = NewType("BlobId", str)
"""The hash of a file's content."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Who made a commit. The name may be empty, as in Flux."""

    name: str
    email: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningIdentity:
    """A private key to sign commits with: armored OpenPGP, or OpenSSH."""

    type: SigningType
    key: bytes = field(repr=False)
    passphrase: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitDraft:
    """A commit to be made: a tree that exists, its parent, a message that is kept to the byte.

    Without `author` the commit is its maker's, and GitHub signs it; with one, it is the committer too (spec/flux.md
    6.4). `signing` is for the git program alone.
    """

    tree: TreeId
    parent: CommitId
    message: str
    author: Person | None = None
    signing: SigningIdentity | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeCommit:
    """A commit that exists, on no branch yet perhaps. `reason` is GitHub's word on the signature."""

    id: CommitId
    tree: TreeId
    verified: bool = False
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class BranchCommit:
    """A commit that a branch has and its base has not."""

    id: CommitId
    tree: TreeId
    parents: tuple[CommitId, ...]
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """The commits that a branch has and its base has not, oldest first. Not `complete`: there are more than these."""

    commits: tuple[BranchCommit, ...]
    complete: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Push:
    """A branch that is to point to a commit.

    `expected` is where it must point before, None where it must not exist: the push fails with `BranchMoved` where that
    is not so, whoever moved it and however late. `force` allows a commit that does not descend from `expected`.
    `refspec` and `options` are for the git program alone (spec/flux.md 6.4).
    """

    branch: str
    commit: CommitId
    expected: CommitId | None
    force: bool = False
    refspec: str = ""
    options: Mapping[str, str] = field(default_factory=dict)


class PullRequestState(StrEnum):
    """Where a pull request stands."""

    OPEN = "open"
    CLOSED = "closed"
    MERGED = "merged"


@dataclass(frozen=True, slots=True, kw_only=True)
class PullRequest:
    """A pull request of a branch of the repository itself (forks are not ours)."""

    number: int
    url: str
    branch: str
    base: str
    head: CommitId
    title: str
    body: str = field(repr=False)
    state: PullRequestState = PullRequestState.OPEN
    draft: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PullRequestDraft:
    """A pull request to be made."""

    branch: str
    base: str
    title: str
    body: str = field(repr=False)
    draft: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Decoration:
    """What a pull request should have besides title and body. Teams are slugs, without the organisation."""

    labels: tuple[str, ...] = ()
    assignees: tuple[str, ...] = ()
    reviewers: tuple[str, ...] = ()
    team_reviewers: tuple[str, ...] = ()
    milestone: str = ""

    @property
    def is_wanted(self) -> bool:
        """Whether there is anything to add."""
        return self != Decoration()


class MergeMethod(StrEnum):
    """How a pull request is merged."""

    MERGE = "merge"
    SQUASH = "squash"
    REBASE = "rebase"
