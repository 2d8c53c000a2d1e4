"""What commits there are between two, and what a commit did."""

from __future__ import annotations

from collections.abc import Mapping

from imgupdate.github.api import Api, items, member, number, object_id, text
from imgupdate.github.objects import Entry, Kind
from imgupdate.github.trees import Trees
from imgupdate.remote import BlobId, BranchCommit, CommitId, Series, TreeId

MOST_COMMITS = 250
_PAGE = 100


class History:
    """The history of one repository."""

    def __init__(self, api: Api, trees: Trees) -> None:
        self._api = api
        self._trees = trees
        self._parents: dict[CommitId, tuple[CommitId, ...]] = {}

    def learn(self, commit: CommitId, parents: tuple[CommitId, ...]) -> None:
        """Remember the parents of a commit."""
        self._parents[commit] = parents

    def series(self, base: CommitId, head: CommitId) -> Series:
        """The commits that are reachable from `head` and not from `base`, oldest first; at most 250."""
        found: dict[CommitId, BranchCommit] = {}
        total = 1 if base != head else 0
        page = 1
        while len(found) < min(total, MOST_COMMITS):
            data = self._api.get(f"compare/{base}...{head}", "compare two commits", per_page=_PAGE, page=page)
            listed = [self._commit(item) for item in items(member(data, "commits"))]
            total = number(data, "total_commits")
            found |= {commit.id: commit for commit in listed}
            page += 1
            if len(listed) < _PAGE:
                break
        commits = tuple(found.values())[:MOST_COMMITS]
        return Series(commits=commits, complete=len(commits) == total)

    def changed(self, commit: CommitId) -> Mapping[str, BlobId] | None:
        """The files that a commit modified against its first parent; None where it did something else as well.

        GitHub tells what a commit changed, but not whether it changed a mode: the trees do.
        """
        parents = self._parents_of(commit)
        if len(parents) != 1:
            return None
        before = self._trees.of_commit(parents[0]).entries
        after = self._trees.of_commit(commit).entries
        modified: dict[str, BlobId] = {}
        if before.keys() != after.keys():
            return None
        for path, entry in after.items():
            old = before[path]
            if entry.id == old.id and entry.mode == old.mode:
                continue
            if not _modified(old, entry):
                return None
            if entry.kind is Kind.FILE:
                modified[path] = BlobId(entry.id)
        return modified

    def _commit(self, item: object) -> BranchCommit:
        commit = BranchCommit(
            id=CommitId(object_id(item, "sha")),
            tree=TreeId(object_id(item, "commit", "tree", "sha")),
            parents=tuple(CommitId(object_id(parent, "sha")) for parent in items(member(item, "parents"))),
            message=text(item, "commit", "message"),
        )
        self._trees.learn(commit.id, commit.tree)
        self.learn(commit.id, commit.parents)
        return commit

    def _parents_of(self, commit: CommitId) -> tuple[CommitId, ...]:
        if commit not in self._parents:
            data = self._api.get(f"git/commits/{commit}", f"read the commit {commit[:7]}")
            self._trees.learn(commit, TreeId(object_id(data, "tree", "sha")))
            self.learn(commit, tuple(CommitId(object_id(parent, "sha")) for parent in items(member(data, "parents"))))
        return self._parents[commit]


def _modified(old: Entry, new: Entry) -> bool:
    """Whether an entry is what it was, with other content: a file, or a folder of such."""
    return old.mode == new.mode and new.kind in {Kind.FILE, Kind.FOLDER}
