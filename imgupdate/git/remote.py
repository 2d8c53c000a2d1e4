"""A remote Git repository through the git program, where GitHub's API does not serve (design, section 2).

Everything is kept in a folder of its own: neither the checkout nor the settings of its user are touched.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from itertools import chain
from pathlib import Path

from imgupdate.config.model import GitRef
from imgupdate.errors import BranchMoved
from imgupdate.git.access import Connection, GitCredentials, read_address
from imgupdate.git.edits import edited_tree
from imgupdate.git.environment import Environments
from imgupdate.git.history import History
from imgupdate.git.making import commit_payload, signed
from imgupdate.git.objects import Repository
from imgupdate.git.programs import disk
from imgupdate.git.pushing import Pusher, moved_back
from imgupdate.git.refs import DEFAULT_BRANCH, HEADS, TAGS, Refs
from imgupdate.git.signing import Signer
from imgupdate.git.tree import FILES, Contents, GitTree
from imgupdate.git.words import Words
from imgupdate.remote import BlobId, BranchCommit, CommitDraft, CommitId, MadeCommit, Push, Series, TreeId
from imgupdate.results import FileEdit

__all__ = ["GitRemote"]

_NOBODY = GitCredentials()
_STRAIGHT = Connection()
_SIGNED = "signed by the automation's key"
_UNSIGNED = "unsigned"


class GitRemote:
    """A remote repository (`publish.ports.Remote`). Not for several threads at once."""

    def __init__(
        self,
        url: str,
        *,
        scratch: Path,
        search_path: str,
        credentials: GitCredentials = _NOBODY,
        connection: Connection = _STRAIGHT,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Nothing is asked and no program is run yet.

        `scratch` is a directory that exists, whose path has neither line breaks nor quotes; who made it removes it.
        `clock` tells seconds since 1970.

        Raises:
            PublishError: the address is not one that we go to, or `scratch` cannot be written.

        """
        address, credentials = read_address(url, credentials, connection)
        with disk():
            folder = Path(tempfile.mkdtemp(prefix="git-", dir=scratch))
        words = Words(chain(credentials.secrets, connection.secrets))
        environments = Environments(address, credentials, connection, folder=folder, search_path=search_path)

        def repository(name: str) -> Repository:
            return Repository(folder / name, environments, words, search_path=search_path, timeout=connection.timeout)

        self._repository = repository("objects.git")
        self._refs = Refs(self._repository)
        self._history = History(repository("history.git"))
        self._contents = Contents(self._repository)
        self._signer = Signer(folder, search_path=search_path)
        self._clock = clock
        self._made: dict[CommitId, BranchCommit] = {}
        self._named: dict[str, str] = {}

    def default_branch(self) -> str:
        """The name of the branch that the repository's HEAD names."""
        return self._refs.default_branch()

    def resolve(self, ref: GitRef) -> CommitId:
        """The commit that a reference names, by the precedence of spec/flux.md 6.2; `master` where it names nothing."""
        commit = self._refs.resolve(ref)
        if (name := _local_name(ref)) is not None:
            self._named[name] = commit
        return commit

    def head(self, branch: str) -> CommitId | None:
        """The commit that a branch points to, asked anew each time; None where there is no such branch."""
        return self._refs.branch(branch)

    def tree(self, commit: CommitId) -> GitTree:
        """The files of a commit."""
        if commit not in self._made:
            self._have(commit)
        return GitTree(self._repository.commits([commit])[commit].tree, self._repository, self._contents)

    def write_tree(self, base: TreeId, edits: Sequence[FileEdit]) -> TreeId:
        """A tree that is `base` but for the content of the edited files, whose modes stay. No edits: `base` itself."""
        return edited_tree(self._repository, base, edits)

    def commit(self, draft: CommitDraft) -> MadeCommit:
        """Make a commit that no branch has yet. Nobody vouches for its signature: it is never `verified`."""
        payload = commit_payload(draft, now=int(self._clock()))
        content = payload
        if draft.signing is not None:
            content = signed(payload, self._signer.sign(payload, draft.signing))
        id_ = CommitId(self._repository.write("commit", [content])[0])
        self._made[id_] = BranchCommit(id=id_, tree=draft.tree, parents=(draft.parent,), message=draft.message)
        return MadeCommit(id=id_, tree=draft.tree, reason=_SIGNED if draft.signing else _UNSIGNED)

    def series(self, base: CommitId, head: CommitId) -> Series:
        """The commits that are reachable from `head` and not from `base`, oldest first."""
        own: list[BranchCommit] = []
        while head != base and head in self._made:
            own.insert(0, self._made[head])
            head = self._made[head].parents[0]
        if head == base:
            return Series(commits=tuple(own))
        before = self._history.series(base, head)
        return Series(commits=(*before.commits, *own), complete=before.complete)

    def changed(self, commit: CommitId) -> Mapping[str, BlobId] | None:
        """The files that a commit modified against its first parent, and what they hold since.

        None where it did something else as well: added, removed, renamed, changed a mode or a link, or merged.
        """
        self._have(commit)
        parents = self._repository.commits([commit])[commit].parents
        if len(parents) != 1:
            return None
        self._have(parents[0])
        trees = [found.tree for found in self._repository.commits([parents[0], commit]).values()]
        said = self._repository.local("diff-tree", "-r", "-z", "--no-renames", *trees).split(b"\0")[:-1]
        files: dict[str, BlobId] = {}
        for head, name in zip(said[::2], said[1::2], strict=True):
            before, after, _, id_, status = head.decode().removeprefix(":").split(" ")
            if status != "M" or before != after or after not in FILES:
                return None
            files[name.decode(errors="surrogateescape")] = BlobId(id_)
        return files

    def push(self, push: Push) -> None:
        """Move or make a branch, atomically, and then push the refspec where there is one (spec/flux.md 6.4).

        That the refspec has nothing to push is no failure, as it is in Flux. Options and refspec are checked before
        anything is pushed.
        """
        if push.expected is not None and not push.force and not self._descends(push.commit, push.expected):
            raise moved_back(push.branch)
        self._have(push.commit)
        Pusher(self._repository, self._named).push(push)

    def delete(self, branch: str, expected: CommitId) -> None:
        """Delete a branch, atomically; that it is gone already is no failure."""
        if self.head(branch) is None:
            return
        try:
            Pusher(self._repository, self._named).delete(branch, expected)
        except BranchMoved:
            if self.head(branch) is not None:
                raise

    def _have(self, commit: CommitId) -> None:
        if self._repository.missing([commit]):
            self._repository.fetch([commit])

    def _descends(self, commit: CommitId, ancestor: CommitId) -> bool:
        while commit != ancestor and commit in self._made:
            commit = self._made[commit].parents[0]
        return commit == ancestor or self._history.descends(commit, ancestor)


def _local_name(ref: GitRef) -> str | None:
    """The ref that a clone of a reference would have, for refspecs that speak of it."""
    if ref.commit or ref.semver:
        return None
    if ref.name:
        return ref.name if ref.name.startswith(HEADS) else None
    return TAGS + ref.tag if ref.tag else HEADS + (ref.branch or DEFAULT_BRANCH)
