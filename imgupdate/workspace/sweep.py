"""One walk over a tree that records which files hold which tokens."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from imgupdate.errors import UnreadableFile
from imgupdate.files import is_manifest
from imgupdate.results import Location, Problem, Severity
from imgupdate.workspace.confined import (
    FILE,
    FOLDER,
    is_git,
    opened_file,
    parent_of,
    printable,
    refusal,
    refuse,
    translated,
)

_CHUNK = 1 << 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Bounds on a tree: bytes of a file that is read, bytes of a file that is looked through, levels of folders."""

    file_bytes: int = 10 << 20
    screened_bytes: int = 256 << 20
    depth: int = 100


class Sighting(NamedTuple):
    """A file that holds a token: where the walk met it, and where it is, which differs for a link."""

    path: str
    target: str


class Sweep:
    """Walks a tree with one open descriptor per level, reading each file once in chunks, whatever its size."""

    def __init__(self, root: str, tokens: Sequence[bytes], limits: Limits) -> None:
        self.sightings: dict[bytes, list[Sighting]] = {token: [] for token in tokens}
        self.problems: list[Problem] = []
        self._root = root
        self._inside = root.rstrip("/") + "/"
        self._limits = limits
        self._tokens = list(tokens)
        self._overlap = max(map(len, tokens))

    def run(self) -> None:
        """Walk the whole tree.

        Raises:
            UnreadableFile: the root itself cannot be listed.

        """
        with translated("", f"{printable(self._root)} cannot be listed"):
            root = os.open(self._root, FOLDER)
            try:
                self._walk(root, "", 0)
            finally:
                os.close(root)

    def _walk(self, folder: int, prefix: str, depth: int) -> None:
        inner, links = [], []
        with os.scandir(folder) as entries:
            for entry in entries:
                name = entry.name
                if entry.is_dir(follow_symlinks=False):
                    inner.append(name)
                elif is_manifest(name):
                    if entry.is_file(follow_symlinks=False):
                        self._regular(folder, name, prefix)
                    elif entry.is_symlink():
                        links.append(name)
        for name in links:
            self._link(prefix + name)
        for name in inner:
            if not is_git(name):
                self._enter(folder, name, prefix, depth + 1)

    def _enter(self, folder: int, name: str, prefix: str, depth: int) -> None:
        path = prefix + name
        if depth > self._limits.depth:
            self._warn(path, f"is not looked into: it is more than {self._limits.depth} folders deep")
            return
        try:
            descriptor = os.open(name, FOLDER, dir_fd=folder)
            try:
                self._walk(descriptor, f"{path}/", depth)
            finally:
                os.close(descriptor)
        except OSError as error:
            wrong = refusal(path, "is not looked into", error)
            self._warn(path, wrong.message, wrong.remedy)

    def _regular(self, folder: int, name: str, prefix: str) -> None:
        try:
            descriptor = os.open(name, FILE, dir_fd=folder)
            try:
                found = self._tokens_in(descriptor, prefix + name)
            finally:
                os.close(descriptor)
        except OSError as error:
            self._fail(refusal(prefix + name, "cannot be read, so that its markers are not seen", error))
        except UnreadableFile as error:
            self._fail(error)
        else:
            if found:
                self._record(found, prefix + name, prefix + name)

    def _link(self, path: str) -> None:
        try:
            real = os.path.realpath(self._inside + path, strict=True)
        except OSError:
            self._notice(path, "is passed over: the link leads nowhere")
            return
        target = real.removeprefix(self._inside)
        if target == real or any(map(is_git, target.split("/"))):
            self._notice(path, "is passed over: the link leads out of the tree")
            return
        if Path(real).is_dir():
            return
        try:
            with (
                translated(path, "is passed over"),
                parent_of(self._root, target) as (folder, name),
                opened_file(folder, name, path) as (descriptor, _),
            ):
                found = self._tokens_in(descriptor, path)
        except UnreadableFile as error:
            self._fail(error)
        else:
            self._record(found, path, target)

    def _tokens_in(self, descriptor: int, path: str) -> list[bytes]:
        """Which tokens an open file holds; each chunk is searched with the end of the one before it."""
        found: list[bytes] = []
        missing = self._tokens
        window = chunk = os.read(descriptor, _CHUNK)
        total = 0
        while chunk:
            held = [token for token in missing if token in window]
            if held:
                found += held
                missing = [token for token in missing if token not in held]
                if not missing:
                    break
            total += len(chunk)
            if total > self._limits.screened_bytes:
                bound = self._limits.screened_bytes
                refuse(path, f"is too large: at most {bound} bytes are looked through for markers", "split the file")
            chunk = os.read(descriptor, _CHUNK)
            window = window[-self._overlap :] + chunk
        return found

    def _record(self, tokens: Sequence[bytes], path: str, target: str) -> None:
        if tokens and not _encodable(target):
            self._fail(
                UnreadableFile("is passed over: its name is not UTF-8", where=printable(path), remedy="rename it")
            )
            return
        for token in tokens:
            self.sightings[token].append(Sighting(path, target))

    def _fail(self, error: UnreadableFile) -> None:
        self.problems.append(Problem.of(error, location=Location(error.where)))

    def _warn(self, path: str, message: str, remedy: str = "") -> None:
        where = Location(printable(path))
        self.problems.append(Problem(severity=Severity.WARNING, message=message, remedy=remedy, location=where))

    def _notice(self, path: str, message: str) -> None:
        where = Location(printable(path))
        self.problems.append(Problem(severity=Severity.NOTICE, message=message, location=where))


def _encodable(path: str) -> bool:
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return True
