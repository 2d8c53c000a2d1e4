"""A bare repository of our own that holds what was fetched and what is made, and is thrown away at the end."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from imgupdate.errors import PublishError
from imgupdate.git.environment import REMOTE, Environments
from imgupdate.git.programs import BOUND, Finished, disk, find_program, run
from imgupdate.git.words import Words
from imgupdate.remote import CommitId, TreeId

_LOCAL_TIMEOUT = 120.0
_ID = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_UNADVERTISED = (b"not our ref", b"unadvertised object", b"no such remote ref")


@dataclass(frozen=True, slots=True, kw_only=True)
class RawCommit:
    """A commit as it is stored, whatever is known of its parents."""

    tree: TreeId
    parents: tuple[CommitId, ...]
    committed: int
    message: str


def is_id(text: str) -> bool:
    """Whether a text is the whole hash of an object."""
    return _ID.fullmatch(text) is not None


def read_commit(content: bytes) -> RawCommit:
    """The parts of a commit object."""
    head, _, message = content.partition(b"\n\n")
    tree, parents, committed = "", [], 0
    for line in head.split(b"\n"):
        name, _, value = line.partition(b" ")
        if name == b"tree":
            tree = value.decode()
        elif name == b"parent":
            parents.append(CommitId(value.decode()))
        elif name == b"committer":
            when = value.rpartition(b">")[2].split()
            committed = int(when[0]) if when and when[0].isdigit() else 0
    text = message.decode(errors="surrogateescape")
    return RawCommit(tree=TreeId(tree), parents=tuple(parents), committed=committed, message=text)


class Repository:
    """Git commands in one bare repository, made at the first that needs it."""

    def __init__(
        self, folder: Path, environments: Environments, words: Words, *, search_path: str, timeout: float
    ) -> None:
        self.folder = folder
        self.words = words
        self._environments = environments
        self._search_path = search_path
        self._timeout = timeout

    def make(self, like: str) -> None:
        """See that the repository is there, with hashes as long as the given one."""
        if not (self.folder / "HEAD").exists():
            kind = "sha1" if len(like) == 40 else "sha256"
            self.local("init", "--quiet", "--bare", "--template=", f"--object-format={kind}")

    def local(self, *arguments: str, given: bytes = b"", bound: int = BOUND) -> bytes:
        """What a command says that stays on this machine.

        Raises:
            PublishError: it failed.

        """
        finished = self._run(arguments, self._environments.local(self.folder), _LOCAL_TIMEOUT, given, bound)
        if finished.status:
            raise self.words.failure(f"git {arguments[0]}", finished)
        return finished.output

    def holds(self, *arguments: str) -> bool:
        """Whether a command that asks a question says yes."""
        return self._run(arguments, self._environments.local(self.folder), _LOCAL_TIMEOUT).status == 0

    def remote(self, *arguments: str) -> Finished:
        """Run a command that talks to the remote repository."""
        return self._run(arguments, self._environments.remote(self.folder), self._timeout)

    def fetch(self, commits: Sequence[str], *, depth: int = 1, commits_only: bool = False) -> None:
        """Have commits, with their files unless it is for the commits only, and so many generations of each.

        Raises:
            PublishError: the remote repository does not have them, or does not give them.

        """
        self.make(commits[0])
        plain = ("--quiet", "--no-tags", "--no-write-fetch-head", "--recurse-submodules=no", "--force")
        narrow = ("--filter=tree:0",) if commits_only else ()
        wanted = [f"{commit}:refs/imgupdate/{commit}" for commit in dict.fromkeys(commits)]
        finished = self.remote("fetch", *plain, *narrow, f"--depth={depth}", REMOTE, *wanted)
        if finished.status and any(words in finished.errors for words in _UNADVERTISED):
            # A server that hands out only what its branches and tags name: take those whole.
            whole = ("refs/heads/*:refs/imgupdate/heads/*", "refs/tags/*:refs/imgupdate/tags/*")
            unshallow = ("--unshallow",) if (self.folder / "shallow").exists() else ()
            finished = self.remote("fetch", *plain, *narrow, *unshallow, REMOTE, *whole)
            if not finished.status and (missing := self.missing(commits)):
                raise PublishError(
                    f"the remote repository has no commit {missing[0]}", remedy="name one that a branch or tag holds"
                )
        if finished.status:
            raise self.words.failure("fetching from the remote repository", finished)

    def missing(self, ids: Sequence[str]) -> list[str]:
        """Those objects that are not here."""
        if not (self.folder / "HEAD").exists():
            return list(ids)
        said = self.local("cat-file", "--batch-check", given=_lines(ids)).decode().splitlines()
        return [id_ for id_, line in zip(ids, said, strict=True) if line.endswith(" missing")]

    def read(self, ids: Sequence[str], *, bound: int = BOUND) -> dict[str, bytes]:
        """The contents of objects that are here, by hash.

        Raises:
            PublishError: one is missing, or together they have more bytes than the bound.

        """
        wanted = list(dict.fromkeys(ids))
        said = self.local("cat-file", "--batch", "--buffer", given=_lines(wanted), bound=bound + 128 * len(wanted))
        contents: dict[str, bytes] = {}
        place = 0
        for id_ in wanted:
            end = said.index(b"\n", place)
            words = said[place:end].split(b" ")
            if len(words) != 3:
                raise PublishError(f"the remote repository did not give the object {id_}", remedy="run again")
            size = int(words[2])
            contents[id_] = said[end + 1 : end + 1 + size]
            place = end + size + 2
        return contents

    def commits(self, ids: Sequence[str]) -> Mapping[str, RawCommit]:
        """Commits that are here, by hash."""
        return {id_: read_commit(content) for id_, content in self.read(ids).items()} if ids else {}

    def write(self, kind: str, contents: Sequence[bytes]) -> list[str]:
        """Store objects of a kind to the byte, and give their hashes."""
        with disk(), tempfile.TemporaryDirectory(prefix="objects-", dir=self.folder) as folder:
            paths = [Path(folder, str(number)) for number in range(len(contents))]
            for path, content in zip(paths, contents, strict=True):
                path.write_bytes(content)
            storing = ("hash-object", "-t", kind, "-w", "--no-filters", "--stdin-paths")
            return self.local(*storing, given=_lines(map(str, paths))).decode().split()

    def _run(
        self,
        arguments: Sequence[str],
        environment: Mapping[str, str],
        timeout: float,
        given: bytes = b"",
        bound: int = BOUND,
    ) -> Finished:
        program = find_program("git", self._search_path)
        return run([program, *arguments], environment=environment, timeout=timeout, given=given, bound=bound)


def _lines(texts: Iterable[str]) -> bytes:
    return "".join(f"{text}\n" for text in texts).encode(errors="surrogateescape")
