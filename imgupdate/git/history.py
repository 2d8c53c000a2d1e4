"""Which commits a branch has that its base has not: asked of commits alone, without their files."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from imgupdate.git.objects import Repository
from imgupdate.remote import BranchCommit, CommitId, Series

LONGEST_SERIES = 250
_DEPTHS = (256, 4096, 65536)


class History:
    """Commits of the remote repository, fetched only as far back as a question needs, in steps of depths."""

    def __init__(self, repository: Repository, *, depths: Sequence[int] = _DEPTHS) -> None:
        self._repository = repository
        self._depths = depths

    def series(self, base: CommitId, head: CommitId) -> Series:
        """The commits reachable from `head` and not from `base`, oldest first; the newest 250 where there are more."""
        found: list[str] = []

        def settled(cut: frozenset[str]) -> bool:
            found[:] = self._repository.local("rev-list", "--topo-order", head, f"^{base}").decode().split()
            return cut.isdisjoint(found)

        complete = self._deepen([base, head], settled) and len(found) <= LONGEST_SERIES
        ids = found[:LONGEST_SERIES][::-1]
        known = self._repository.commits(ids)
        commits = tuple(
            BranchCommit(id=CommitId(id_), tree=known[id_].tree, parents=known[id_].parents, message=known[id_].message)
            for id_ in ids
        )
        return Series(commits=commits, complete=complete)

    def descends(self, commit: CommitId, ancestor: CommitId) -> bool:
        """Whether a commit has another among its ancestors, or is it; no, where that is too far back to tell."""
        yes = False

        def settled(cut: frozenset[str]) -> bool:
            nonlocal yes
            yes = self._repository.holds("merge-base", "--is-ancestor", ancestor, commit)
            return yes or not cut

        self._deepen([ancestor, commit], settled)
        return yes

    def _deepen(self, commits: Sequence[CommitId], settled: Callable[[frozenset[str]], bool]) -> bool:
        """Fetch more and more until a question is settled, which is given the commits whose parents are not known."""
        for depth in self._depths:
            self._repository.fetch(commits, depth=depth, commits_only=True)
            shallow = self._repository.folder / "shallow"
            cut = frozenset(shallow.read_text().split()) if shallow.exists() else frozenset[str]()
            if settled(cut):
                return True
        return False
