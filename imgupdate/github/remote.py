"""A repository on GitHub as `publish.ports.Remote`: through its API alone, without a clone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from imgupdate.config.model import GitRef
from imgupdate.github.api import Api
from imgupdate.github.contents import Local
from imgupdate.github.history import History
from imgupdate.github.refs import Refs
from imgupdate.github.trees import CommitFiles, Trees
from imgupdate.github.writing import Writing
from imgupdate.remote import BlobId, CommitDraft, CommitId, MadeCommit, Push, Series, TreeId
from imgupdate.results import FileEdit


class GitHubRemote:
    """What is in the repository, and new commits for it.

    Requests where nothing goes wrong: `head` 1; `tree` 1 for each commit that is not ours, and 1 for each YAML file
    that the workspace does not have as it is there; `write_tree` 1 for 100 files, none where GitHub is known to have
    the tree; `commit` 1; `push` 1, and once for all forced ones 1 more.
    """

    def __init__(self, api: Api, local: Local) -> None:
        self._trees = Trees(api, local)
        self._refs = Refs(api)
        self._history = History(api, self._trees)
        self._writing = Writing(api, self._trees)

    def default_branch(self) -> str:
        """The name of the branch that the repository's HEAD names."""
        return self._refs.default_branch()

    def resolve(self, ref: GitRef) -> CommitId:
        """The commit that a reference names (spec/flux.md 6.2)."""
        return self._refs.resolve(ref)

    def head(self, branch: str) -> CommitId | None:
        """The commit that a branch points to, asked anew each time; None where there is no such branch."""
        return self._refs.head(branch)

    def tree(self, commit: CommitId) -> CommitFiles:
        """The files of a commit. Contents are taken from the workspace where it has the same."""
        return self._trees.files(commit)

    def write_tree(self, base: TreeId, edits: Sequence[FileEdit]) -> TreeId:
        """A tree that is `base` but for the content of the edited files, whose modes stay."""
        return self._writing.tree(base, edits)

    def commit(self, draft: CommitDraft) -> MadeCommit:
        """Make a commit that no branch has yet; GitHub signs it for a bot where there is no author."""
        made = self._writing.commit(draft)
        self._history.learn(made.id, (draft.parent,))
        return made

    def series(self, base: CommitId, head: CommitId) -> Series:
        """The commits that are reachable from `head` and not from `base`, at most 250 of them."""
        return self._history.series(base, head)

    def changed(self, commit: CommitId) -> Mapping[str, BlobId] | None:
        """The files that a commit modified against its first parent; None where it did something else as well."""
        return self._history.changed(commit)

    def push(self, push: Push) -> None:
        """Move or make a branch, atomically (see `refs.Refs.push`)."""
        self._refs.push(push)

    def delete(self, branch: str, expected: CommitId) -> None:
        """Delete a branch, atomically; that it is gone already is no failure."""
        self._refs.delete(branch, expected)
