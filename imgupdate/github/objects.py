"""Git's objects as far as we compute them ourselves: the hashes of contents and of trees.

GitHub's listing of a tree says under which hash it was asked for, which may be that of a commit; and a tree that we had
it write should hold the bytes that we sent. Both are known for sure by computing what Git computes.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from imgupdate.remote import BlobId, TreeId

_HASH = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_DAMAGED = "\ufffd"


class Kind(StrEnum):
    """What an entry of a tree is."""

    FILE = "file"
    LINK = "link"
    FOLDER = "folder"
    SUBMODULE = "submodule"


# Old repositories hold other modes of files, which GitHub reads but does not write.
_WRITABLE = frozenset({"100644", "100755"})
_KINDS = {"040000": Kind.FOLDER, "160000": Kind.SUBMODULE, "120000": Kind.LINK}


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of a tree; `size` of a file in bytes, -1 where it is not known."""

    mode: str
    id: str
    size: int = -1

    @property
    def kind(self) -> Kind:
        """What it is."""
        return _KINDS.get(self.mode, Kind.FILE)


def is_hash(text: str) -> bool:
    """Whether a text is the hash of an object, in full."""
    return _HASH.fullmatch(text) is not None


def blob_id(content: bytes) -> BlobId:
    """The hash under which Git keeps a file's content.

    >>> blob_id(b"")
    'e69de29bb2d1d6434b8b29ae775ad8c2e48c5391'
    """
    return BlobId(_object_id(b"blob", content))


def tree_id(entries: Iterable[tuple[str, Entry]]) -> TreeId:
    """The hash of a folder with these names and entries.

    >>> tree_id([])
    '4b825dc642cb6eb9a060e54bf8d69288fbee4904'
    """
    rows = []
    for name, entry in entries:
        written = name.encode("utf-8", "surrogatepass")
        folder = b"/" if entry.kind is Kind.FOLDER else b""
        rows.append((written + folder, entry.mode.lstrip("0").encode() + b" " + written + b"\0", entry.id))
    return TreeId(_object_id(b"tree", b"".join(head + bytes.fromhex(sha) for _, head, sha in sorted(rows))))


def _object_id(kind: bytes, content: bytes) -> str:
    return hashlib.sha1(b"%s %d\0%s" % (kind, len(content), content), usedforsecurity=False).hexdigest()


class Listing:
    """Everything below a tree by its path, folders included."""

    def __init__(self, entries: Mapping[str, Entry], tree: TreeId | None = None) -> None:
        """Take the entries of a tree; without its hash, that is computed.

        Raises:
            ValueError: it cannot be computed, since GitHub does not give a name at the root as it is.

        """
        self.entries = entries
        self._names: dict[str, list[str]] | None = None
        if tree is None and any(_DAMAGED in name for name in self._in("")):
            raise ValueError
        self.id = tree or self._computed("")

    def edited(self, contents: Mapping[str, bytes]) -> tuple[dict[str, Entry], TreeId | None]:
        """The entries with other contents of some files, and the hash of that tree.

        None for the hash where it cannot be computed, because GitHub does not give a name in one of the changed folders
        as it is.
        """
        folders = {""}
        for path in contents:
            parts = path.split("/")
            folders |= {"/".join(parts[:depth]) for depth in range(1, len(parts))}
        known = all(self._computed(folder) == (self.entries[folder].id if folder else self.id) for folder in folders)
        entries = dict(self.entries)
        for path, content in contents.items():
            mode = entries[path].mode
            entries[path] = Entry(mode if mode in _WRITABLE else "100644", blob_id(content), len(content))
        after = Listing(entries, self.id)
        after._names = self._names
        for folder in sorted(folders - {""}, key=lambda path: path.count("/"), reverse=True):
            entries[folder] = Entry(entries[folder].mode, after._computed(folder))
        return entries, after._computed("") if known else None

    def _in(self, folder: str) -> list[str]:
        if self._names is None:
            self._names = {"": []}
            for path in self.entries:
                parent, _, name = path.rpartition("/")
                self._names.setdefault(parent, []).append(name)
        return self._names.get(folder, [])

    def _computed(self, folder: str) -> TreeId:
        prefix = f"{folder}/" if folder else ""
        return tree_id((name, self.entries[prefix + name]) for name in self._in(folder))
