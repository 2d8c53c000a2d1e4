"""A bare repository: its refs, moved as git moves them, and what git says about its history."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from tests.twins.github.objects import EMPTY_TREE, ZERO, Commit, Entry, Objects, Person, environment

NAME = re.compile(r"(?!.*(\.\.|//|@\{|\.lock(/|$)|/\.|\.$|/$))[^\x00-\x20\x7f~^:?*\[\\]+")
STATUSES = {"A": "added", "D": "removed", "M": "modified", "T": "changed", "R": "renamed", "C": "copied"}


class RefRefused(Exception):
    """Git did not move a ref: it is not where it was said to be, or its name is in the way of another's."""


class MergeConflict(Exception):
    """Git cannot merge."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RefMove:
    """A ref from one object to another; zeros stand for "is not there"."""

    name: str
    old: str
    new: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FileChange:
    """A file that differs between two trees."""

    path: str
    previous: str
    status: str
    sha: str
    additions: int
    deletions: int
    patch: str


class BareRepository:
    """A bare repository in a directory, which is made where there is none."""

    def __init__(self, directory: Path, *, default_branch: str = "main") -> None:
        self.directory = directory
        if not (directory / "HEAD").exists():
            directory.mkdir(parents=True, exist_ok=True)
            self._run(directory, "init", "-q", "--bare", "--template=", f"--initial-branch={default_branch}", ".")
            with (directory / "config").open("a") as config:
                config.write("[receive]\n\tadvertisePushOptions = true\n[gc]\n\tauto = 0\n")
        self.objects = Objects(directory)
        self._changes: dict[tuple[str, str], tuple[FileChange, ...]] = {}
        self._ancestry: dict[tuple[str, str], bool] = {}
        self._merges: dict[tuple[str, str], str | None] = {}

    @staticmethod
    def _run(directory: Path, *arguments: str, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            ["git", *arguments], cwd=directory, input=given, capture_output=True, env=environment(), check=False
        )

    def git(self, *arguments: str, given: bytes = b"") -> str:
        """What git prints; an assertion where it fails."""
        done = self._run(self.directory, f"--git-dir={self.directory}", *arguments, given=given)
        assert done.returncode == 0, f"git {' '.join(arguments)}: {done.stderr.decode()}"
        return done.stdout.decode("utf-8", "surrogateescape")

    # -- refs -----------------------------------------------------------------------------------------------------

    def refs(self) -> dict[str, str]:
        """Every ref with its object, sorted by name."""
        found: dict[str, str] = {}
        packed = self.directory / "packed-refs"
        if packed.exists():
            for line in packed.read_text().splitlines():
                if line[0] not in "#^":
                    sha, _, name = line.partition(" ")
                    found[name] = sha
        for folder, _, names in os.walk(self.directory / "refs"):
            for path in (Path(folder, name) for name in names if not name.endswith(".lock")):
                name = path.relative_to(self.directory).as_posix()
                if loose := self._loose(name):
                    found[name] = loose
        return dict(sorted(found.items()))

    @property
    def empty(self) -> bool:
        """Whether there is no ref at all."""
        loose = any(names for _, _, names in os.walk(self.directory / "refs"))
        return not loose and not self.refs()

    def ref(self, name: str) -> str | None:
        """The object of a ref, such as `refs/heads/main`."""
        return self._loose(name) or self._packed(name)

    def _loose(self, name: str) -> str | None:
        try:
            return (self.directory / name).read_text().strip() or None
        except OSError:
            return None

    def _packed(self, name: str) -> str | None:
        try:
            text = (self.directory / "packed-refs").read_text()
        except OSError:
            return None
        match = re.search(rf"^([0-9a-f]{{40}}) {re.escape(name)}$", text, re.MULTILINE)
        return match[1] if match else None

    def branch(self, name: str) -> str | None:
        """The head of a branch."""
        return self.ref(f"refs/heads/{name}")

    def move(self, *moves: RefMove) -> None:
        """Move refs, all of them or none.

        Raises:
            RefRefused: one was not where it was said to be, or stands in another's way.

        """
        lines = ["start"]
        for move in moves:
            if move.new == ZERO:
                lines.append(f"delete {move.name} {move.old}")
            else:
                lines.append(f"update {move.name} {move.new} {move.old}")
        given = "\n".join([*lines, "prepare", "commit", ""]).encode()
        done = self._run(self.directory, f"--git-dir={self.directory}", "update-ref", "--stdin", given=given)
        if done.returncode != 0:
            raise RefRefused(done.stderr.decode().strip())

    # -- history --------------------------------------------------------------------------------------------------

    def merge_base(self, one: str, other: str) -> str | None:
        """The best common ancestor of two commits; None where they have none."""
        done = self._run(self.directory, f"--git-dir={self.directory}", "merge-base", one, other)
        return done.stdout.decode().strip() or None

    def contains(self, descendant: str, ancestor: str) -> bool:
        """Whether a commit is reachable from another, itself included."""
        key = descendant, ancestor
        if key not in self._ancestry:
            self._ancestry[key] = descendant == ancestor or self.merge_base(descendant, ancestor) == ancestor
        return self._ancestry[key]

    def between(self, base: str, head: str) -> list[str]:
        """The commits that are reachable from `head` and not from `base`, the oldest first."""
        return self.git("rev-list", "--topo-order", "--reverse", head, f"^{base}").split()

    def history(self, head: str, path: str = "") -> list[str]:
        """The commits that are reachable from one, the newest first."""
        return self.git("rev-list", head, *(("--", path) if path else ())).split()

    def changes(self, base: str, head: str) -> Sequence[FileChange]:
        """The files that differ between two trees or commits, by path; renames are found as GitHub finds them."""
        key = base, head
        if key not in self._changes:
            self._changes[key] = self._changes_anew(base, head)
        return self._changes[key]

    def _changes_anew(self, base: str, head: str) -> tuple[FileChange, ...]:
        if self.tree_of(base) == self.tree_of(head):
            return ()
        told = self.git("diff-tree", "-r", "-M", "-z", "--raw", "--numstat", "--full-index", base, head).split("\0")
        rows: list[tuple[str, str, str, str]] = []
        place = 0
        while told[place].startswith(":"):
            _, _, old, new, status = told[place].split(" ")
            paths = told[place + 1 : place + (3 if status[0] in "RC" else 2)]
            rows.append((status[0], old if new == ZERO else new, paths[0], paths[-1]))
            place += 1 + len(paths)
        counts: list[tuple[int, int]] = []
        for _ in rows:
            added, removed, path = told[place].split("\t")
            counts.append((0, 0) if added == "-" else (int(added), int(removed)))
            place += 1 if path else 3
        patches = self._patches(base, head)
        return tuple(
            FileChange(
                path=path,
                previous=previous if previous != path else "",
                status=STATUSES[letter],
                sha=sha,
                additions=added,
                deletions=removed,
                patch=patches.get(path, ""),
            )
            for (letter, sha, previous, path), (added, removed) in zip(rows, counts, strict=True)
        )

    def _patches(self, base: str, head: str) -> Mapping[str, str]:
        text = self.git("-c", "core.quotePath=false", "diff-tree", "-r", "-M", "-p", "--full-index", base, head)
        found: dict[str, str] = {}
        for part in re.split(r"^diff --git ", text, flags=re.MULTILINE)[1:]:
            if name := re.search(r"^\+\+\+ b/(.*)$|^--- a/(.*)$", part, re.MULTILINE):
                new = re.search(r"^\+\+\+ b/(.*)$", part, re.MULTILINE)
                hunks = part.find("\n@@")
                found[(new or name)[1] or name[2]] = part[hunks + 1 :].rstrip("\n") if hunks >= 0 else ""
        return found

    def tree_of(self, commitish: str) -> str:
        """The tree of a commit; a tree is its own."""
        return self.objects.commit(commitish).tree if self.objects.kind(commitish) == "commit" else commitish

    # -- merges ---------------------------------------------------------------------------------------------------

    def merged_tree(self, base: str, head: str) -> str:
        """The tree of a merge of two commits.

        Raises:
            MergeConflict: git finds conflicts.

        """
        key = base, head
        if key not in self._merges:
            done = self._run(self.directory, f"--git-dir={self.directory}", "merge-tree", "--write-tree", base, head)
            self._merges[key] = None if done.returncode else done.stdout.decode().split()[0]
        tree = self._merges[key]
        if tree is None:
            raise MergeConflict(f"{head} does not merge into {base}")
        return tree

    def replayed(self, sha: str, onto: str, committer: Person) -> str:
        """A commit with what another changed against its parent, made on top of `onto`, its author kept."""
        picked = self.objects.commit(sha)
        blank = replace(picked, parents=(), signature="", message="")
        before = self.tree_of(picked.parents[0]) if picked.parents else EMPTY_TREE
        root = self.objects.write_commit(replace(blank, tree=before))
        ours = self.objects.write_commit(replace(blank, tree=self.tree_of(onto), parents=(root,)))
        theirs = self.objects.write_commit(replace(blank, tree=picked.tree, parents=(root,)))
        made = Commit(
            tree=self.merged_tree(ours, theirs),
            parents=(onto,),
            author=picked.author,
            committer=committer,
            message=picked.message,
        )
        return self.objects.write_commit(made)

    def write_files(self, base: str | None, files: Mapping[str, Entry | None]) -> str:
        """A tree with other files than a commit has."""
        return self.objects.edit(self.tree_of(base) if base else EMPTY_TREE, files)


def valid_ref(name: str) -> bool:
    """Whether git takes a ref's full name."""
    return name.startswith("refs/") and name.count("/") >= 2 and NAME.fullmatch(name) is not None
