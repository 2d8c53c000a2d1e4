"""A tree that differs from another in the content of some files and in nothing else, to the byte."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from imgupdate.errors import PublishError, shown
from imgupdate.git.objects import Repository
from imgupdate.git.tree import FILES
from imgupdate.remote import TreeId
from imgupdate.results import FileEdit

_FOLDER = b"40000"


@dataclass(frozen=True, slots=True)
class _Item:
    """An entry of a tree object as it is stored."""

    mode: bytes
    name: bytes
    id: bytes


def edited_tree(repository: Repository, base: TreeId, edits: Sequence[FileEdit]) -> TreeId:
    """Store the new contents, and the folders above them anew.

    Raises:
        PublishError: the tree does not hold a file as it was before its edit.

    """
    if not edits:
        return base
    by_path = {edit.path.encode(): edit for edit in edits}
    folders = sorted(
        {b"/".join(parts[:n]) for path in by_path for parts in [path.split(b"/")] for n in range(len(parts))}
    )
    trees: dict[bytes, list[_Item]] = {}
    ids = {b"": bytes.fromhex(base)}
    for level in sorted({_level(folder) for folder in folders}):
        here = [folder for folder in folders if _level(folder) == level]
        for folder in here:
            if folder not in ids:
                raise _gone(next(path for path in by_path if path.startswith(folder + b"/")))
        contents = repository.read([ids[folder].hex() for folder in here])
        for folder in here:
            trees[folder] = _parse(contents[ids[folder].hex()], len(base) // 2)
            ids |= {_join(folder, item.name): item.id for item in trees[folder] if item.mode == _FOLDER}
    fresh = _store_files(repository, trees, by_path)
    for level in sorted({_level(folder) for folder in folders}, reverse=True):
        here = [folder for folder in folders if _level(folder) == level]
        changed = [
            b"".join(
                item.mode + b" " + item.name + b"\0" + fresh.get(_join(folder, item.name), item.id)
                for item in trees[folder]
            )
            for folder in here
        ]
        fresh |= zip(here, map(bytes.fromhex, repository.write("tree", changed)), strict=True)
    return TreeId(fresh[b""].hex())


def _store_files(
    repository: Repository, trees: Mapping[bytes, list[_Item]], edits: Mapping[bytes, FileEdit]
) -> dict[bytes, bytes]:
    files = {_join(folder, item.name): item for folder, items in trees.items() for item in items}
    for path, edit in edits.items():
        item = files.get(path)
        if item is None or item.mode.decode() not in FILES or item.id != _blob_id(edit.before, len(item.id)):
            raise _gone(path)
    ids = repository.write("blob", [edit.after for edit in edits.values()])
    return dict(zip(edits, map(bytes.fromhex, ids), strict=True))


def _blob_id(content: bytes, length: int) -> bytes:
    digest = hashlib.sha1(usedforsecurity=False) if length == 20 else hashlib.sha256()
    digest.update(b"blob %d\0" % len(content) + content)
    return digest.digest()


def _parse(content: bytes, length: int) -> list[_Item]:
    items, place = [], 0
    while place < len(content):
        end = content.index(b"\0", place)
        mode, _, name = content[place:end].partition(b" ")
        items.append(_Item(mode, name, content[end + 1 : end + 1 + length]))
        place = end + 1 + length
    return items


def _level(folder: bytes) -> int:
    return folder.count(b"/") + 1 if folder else 0


def _join(folder: bytes, name: bytes) -> bytes:
    return folder + b"/" + name if folder else name


def _gone(path: bytes) -> PublishError:
    told = shown(path.decode(errors="replace"))
    return PublishError(f"the file {told} is not in the tree as it was read", remedy="run again")
