"""Git's objects, read from and written to a repository's directory without a process for each.

Blobs, trees and commits are written as loose objects, so that their hashes are genuine and the git program reads them
as its own. What is not loose (a push may have brought a pack) is read through one `git cat-file --batch`.
"""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import threading
import uuid
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

DIRECTORY_MODE = "040000"
EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
ZERO = "0" * 40
KINDS = {"040000": "tree", "160000": "commit"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What a tree holds under a name; `mode` has six digits."""

    mode: str
    sha: str

    @property
    def kind(self) -> str:
        """`blob`, `tree` or `commit`."""
        return KINDS.get(self.mode, "blob")


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Who made a commit, and when."""

    name: str
    email: str
    when: datetime

    def __str__(self) -> str:
        return f"{self.name} <{self.email}> {int(self.when.timestamp())} {self.when:%z}"

    @classmethod
    def parse(cls, line: str) -> Person:
        """A person as an object names one."""
        match = re.fullmatch(r"(.*?) ?<(.*?)> (\d+) ([+-])(\d\d)(\d\d)", line)
        assert match is not None, line
        offset = timedelta(hours=int(match[5]), minutes=int(match[6]))
        zone = timezone(-offset if match[4] == "-" else offset)
        return cls(name=match[1], email=match[2], when=datetime.fromtimestamp(int(match[3]), zone))


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    """A commit, and where it has one, its signature."""

    sha: str = ""
    tree: str
    parents: Sequence[str]
    author: Person
    committer: Person
    message: str
    signature: str = ""
    payload: bytes = field(default=b"", repr=False)


class Objects:
    """The objects of a bare repository."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory / "objects"
        self._git = ("git", f"--git-dir={directory}")
        self._batch: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()
        self._known: dict[str, tuple[str, bytes]] = {}

    def close(self) -> None:
        """End the process that reads packs."""
        if self._batch is not None:
            self._batch.communicate()
            self._batch = None

    def write(self, kind: str, data: bytes) -> str:
        """Store an object; its hash."""
        whole = f"{kind} {len(data)}\0".encode() + data
        sha = hashlib.sha1(whole, usedforsecurity=False).hexdigest()
        if sha not in self._known:
            path = self._directory / sha[:2] / sha[2:]
            if not path.exists():
                path.parent.mkdir(exist_ok=True)
                temporary = path.with_name(f"tmp_obj_{uuid.uuid4().hex}")
                temporary.write_bytes(zlib.compress(whole, 1))
                temporary.chmod(0o444)
                temporary.replace(path)
            self._known[sha] = kind, data
        return sha

    def read(self, sha: str) -> tuple[str, bytes] | None:
        """Kind and content of an object; None where there is no such."""
        if sha not in self._known:
            found = self._read_loose(sha) or self._read_packed(sha)
            if found is None:
                return None
            self._known[sha] = found
        return self._known[sha]

    def kind(self, sha: str) -> str | None:
        """What an object is; None where there is no such."""
        found = self.read(sha) if re.fullmatch("[0-9a-f]{40}", sha) else None
        return found[0] if found else None

    def _read_loose(self, sha: str) -> tuple[str, bytes] | None:
        try:
            whole = zlib.decompress((self._directory / sha[:2] / sha[2:]).read_bytes())
        except FileNotFoundError:
            return None
        head, _, data = whole.partition(b"\0")
        return head.split()[0].decode(), data

    def _read_packed(self, sha: str) -> tuple[str, bytes] | None:
        with self._lock:
            if self._batch is None:
                self._batch = subprocess.Popen(
                    [*self._git, "cat-file", "--batch"],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    env=environment(),
                )
            asked, told = self._batch.stdin, self._batch.stdout
            assert asked is not None
            assert told is not None
            asked.write(f"{sha}\n".encode())
            asked.flush()
            head = told.readline().split()
            if head[-1] == b"missing":
                return None
            data = told.read(int(head[2]))
            told.read(1)
            return head[1].decode(), data

    def blob(self, sha: str) -> bytes:
        """The content of a blob."""
        return self._of_kind(sha, "blob")

    def _of_kind(self, sha: str, kind: str) -> bytes:
        found = self.read(sha)
        assert found is not None, f"there is no object {sha}"
        assert found[0] == kind, f"{sha} is a {found[0]}, not a {kind}"
        return found[1]

    def tree(self, sha: str) -> dict[str, Entry]:
        """The entries of one tree, by name."""
        data = b"" if sha == EMPTY_TREE else self._of_kind(sha, "tree")
        entries: dict[str, Entry] = {}
        place = 0
        while place < len(data):
            end = data.index(b"\0", place)
            mode, _, name = data[place:end].partition(b" ")
            entries[name.decode("utf-8", "surrogateescape")] = Entry(
                mode=mode.decode().zfill(6), sha=data[end + 1 : end + 21].hex()
            )
            place = end + 21
        return entries

    def write_tree(self, entries: Mapping[str, Entry]) -> str:
        """Store one tree."""

        def order(item: tuple[str, Entry]) -> bytes:
            name = item[0].encode("utf-8", "surrogateescape")
            return name + b"/" if item[1].kind == "tree" else name

        return self.write(
            "tree",
            b"".join(
                entry.mode.lstrip("0").encode()
                + b" "
                + name.encode("utf-8", "surrogateescape")
                + b"\0"
                + bytes.fromhex(entry.sha)
                for name, entry in sorted(entries.items(), key=order)
            ),
        )

    def walk(self, sha: str, prefix: str = "") -> Iterator[tuple[str, Entry]]:
        """Every entry below a tree with its path: a directory before what it holds."""
        for name, entry in self.tree(sha).items():
            yield prefix + name, entry
            if entry.kind == "tree":
                yield from self.walk(entry.sha, f"{prefix}{name}/")

    def files(self, sha: str) -> dict[str, Entry]:
        """Every file below a tree, by path."""
        return {path: entry for path, entry in self.walk(sha) if entry.kind != "tree"}

    def find(self, sha: str, path: str) -> Entry | None:
        """What a tree holds under a path."""
        entry: Entry | None = Entry(mode=DIRECTORY_MODE, sha=sha)
        for name in path.split("/"):
            if entry is None or entry.kind != "tree":
                return None
            entry = self.tree(entry.sha).get(name)
        return entry

    def edit(self, sha: str, changes: Mapping[str, Entry | None]) -> str:
        """A tree with other entries, or without some (None); a directory that is left empty goes."""
        entries = self.tree(sha)
        below: dict[str, dict[str, Entry | None]] = {}
        for path, entry in changes.items():
            name, slash, rest = path.partition("/")
            if slash:
                below.setdefault(name, {})[rest] = entry
            elif entry is None:
                entries.pop(name, None)
            else:
                entries[name] = entry
        for name, parts in below.items():
            there = entries.get(name)
            made = self.edit(there.sha if there is not None and there.kind == "tree" else EMPTY_TREE, parts)
            if made != EMPTY_TREE:
                entries[name] = Entry(mode=DIRECTORY_MODE, sha=made)
            elif there is not None and there.kind == "tree":
                del entries[name]
        return self.write_tree(entries)

    def commit(self, sha: str) -> Commit:
        """A commit."""
        return parse_commit(sha, self._of_kind(sha, "commit"))

    def write_commit(self, commit: Commit) -> str:
        """Store a commit; a signature stands where git has it."""
        head, message = unsigned(commit).split(b"\n\n", 1)
        signed = b""
        if commit.signature:
            signed = b"\ngpgsig " + commit.signature.rstrip("\n").replace("\n", "\n ").encode()
        return self.write("commit", head + signed + b"\n\n" + message)


def unsigned(commit: Commit) -> bytes:
    """A commit as it is signed: without the signature."""
    lines = [f"tree {commit.tree}", *(f"parent {parent}" for parent in commit.parents)]
    lines += [f"author {commit.author}", f"committer {commit.committer}"]
    return "\n".join([*lines, "", commit.message]).encode()


def parse_commit(sha: str, data: bytes) -> Commit:
    """A commit from its bytes."""
    head, _, message = data.partition(b"\n\n")
    fields: list[tuple[str, str]] = []
    for line in head.decode("utf-8", "surrogateescape").split("\n"):
        if line.startswith(" "):
            name, value = fields[-1]
            fields[-1] = name, f"{value}\n{line[1:]}"
        else:
            name, _, value = line.partition(" ")
            fields.append((name, value))
    first = dict(reversed(fields))
    return Commit(
        sha=sha,
        tree=first["tree"],
        parents=tuple(value for name, value in fields if name == "parent"),
        author=Person.parse(first["author"]),
        committer=Person.parse(first["committer"]),
        message=message.decode("utf-8", "replace"),
        signature=first.get("gpgsig", ""),
        payload=re.sub(rb"\ngpgsig [^\n]*(\n [^\n]*)*", b"", head, count=1) + b"\n\n" + message,
    )


def environment(**more: str) -> dict[str, str]:
    """What the git program sees: nobody's configuration, and no question of whose the directory is."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": os.devnull,
        "LC_ALL": "C.UTF-8",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": "safe.directory",
        "GIT_CONFIG_VALUE_0": "*",
        **more,
    }


def now() -> datetime:
    """The present second, as git and GitHub keep it."""
    return datetime.now(UTC).replace(microsecond=0)
