"""The working tree on disk: screened for tokens in one sweep, read and written without ever leaving it."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from imgupdate.errors import UnreadableFile, UsageError
from imgupdate.files import is_under
from imgupdate.results import FileEdit, Location, Problem
from imgupdate.workspace.confined import opened_file, opened_folder, parent_of, printable, refuse, translated
from imgupdate.workspace.sweep import Limits, Sighting, Sweep

__all__ = ["Limits", "Workspace"]

_FRESH = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_CHUNK = 1 << 16
_WRITERS = 8
_LIMITS = Limits()


class Workspace:
    """A directory as `files.Files` that can also be written.

    All tokens given at the start are looked for in one sweep, at the first `list`; each other token that `list` is
    asked for costs a sweep of its own. What a sweep found is remembered: files that appear later are not seen.
    """

    def __init__(self, root: Path, *, tokens: Sequence[bytes] = (), limits: Limits = _LIMITS) -> None:
        """Take a directory for the root.

        Raises:
            UsageError: it is not a directory.

        """
        if not root.is_dir():
            raise UsageError(f"{printable(str(root))} is not a directory", remedy="name the root of a repository")
        self._root = os.path.realpath(root)
        self._limits = limits
        self._tokens = tuple(tokens)
        self._sightings: dict[bytes, list[Sighting]] = {}
        self._passed_over: dict[Location | None, Problem] = {}

    @property
    def passed_over(self) -> tuple[Problem, ...]:
        """What the sweeps so far could not look into, by path.

        Notices for links that lead nowhere or away, warnings for folders, errors for files that cannot be read.
        """
        return tuple(sorted(self._passed_over.values(), key=lambda problem: problem.location or Location("")))

    def list(self, under: str, holding: bytes) -> Sequence[str]:
        """The YAML files below a path whose bytes hold the token, sorted, each real file once (see `files.Files`).

        Hidden folders are walked and links to folders are not followed (spec/flux.md 5.2), except where `under` itself
        leads through them; `.git` is never entered.
        """
        resolved = self._resolve(under)
        if holding not in self._sightings:
            self._sweep(holding)
        found = {
            sighting.target
            for sighting in self._sightings[holding]
            if is_under(sighting.path, resolved) or sighting.path == under
        }
        return tuple(sorted(found))

    def read(self, path: str) -> bytes:
        """The content of one file that `list` named (see `files.Files`)."""
        with (
            translated(path, "cannot be read"),
            parent_of(self._root, path) as (folder, name),
            opened_file(folder, name, path) as (descriptor, state),
        ):
            return self._content(descriptor, state, path)

    def write(self, edit: FileEdit) -> None:
        """Put the new content of a file in the place of the old, wholly or not at all.

        Owner, mode and, where the system lets us, extended attributes stay. Other hard links keep the old content, as
        when git checks a file out.

        Raises:
            UnreadableFile: the file is no longer what the edit was made from, its owner may not write it, or the system
                refused; it is then as it was, and nothing is left beside it.

        """
        with translated(edit.path, "cannot be written"), parent_of(self._root, edit.path) as (folder, name):
            self._replace(folder, name, edit)
            _settle(folder)

    def write_all(self, edits: Sequence[FileEdit]) -> tuple[Problem, ...]:
        """Write every edit that can be written, several at once; what is wrong with the others, in their order."""
        from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415 - it brings logging; a dry run needs neither

        with ThreadPoolExecutor(_WRITERS) as pool:
            problems = tuple(problem for problem in pool.map(self._attempt, edits) if problem)
        for path in sorted({edit.path.rpartition("/")[0] for edit in edits}):
            with suppress(OSError, UnreadableFile), opened_folder(self._root, path) as folder:
                _settle(folder)
        return problems

    def _attempt(self, edit: FileEdit) -> Problem | None:
        try:
            with translated(edit.path, "cannot be written"), parent_of(self._root, edit.path) as (folder, name):
                self._replace(folder, name, edit)
        except UnreadableFile as error:
            return Problem.of(error, location=Location(printable(edit.path)))
        return None

    def _resolve(self, under: str) -> str:
        """Where a path of the configuration leads within the tree, through links if need be."""
        if not under:
            return ""
        try:
            real = os.path.realpath(f"{self._root}/{under}", strict=True)
        except OSError as error:
            raise UnreadableFile(
                "is not in the tree", where=printable(under), remedy="name a path that exists"
            ) from error
        if real == self._root:
            return ""
        inside = self._root.rstrip("/") + "/"
        if not real.startswith(inside):
            refuse(under, "leads out of the tree", "name a path within the repository")
        return real.removeprefix(inside)

    def _sweep(self, token: bytes) -> None:
        tokens = tuple(dict.fromkeys((token, *(other for other in self._tokens if other not in self._sightings))))
        sweep = Sweep(self._root, tokens, self._limits)
        sweep.run()
        self._sightings |= sweep.sightings
        self._passed_over |= {problem.location: problem for problem in sweep.problems}

    def _content(self, descriptor: int, state: os.stat_result, path: str) -> bytes:
        bound = self._limits.file_bytes
        content = bytearray()
        size = state.st_size
        while size <= bound and (chunk := os.read(descriptor, max(state.st_size, _CHUNK) + 1)):
            content += chunk
            size = max(size, len(content))
        if size > bound:
            refuse(path, f"is too large: it has {size} bytes, and at most {bound} are read", "split the file")
        return bytes(content)

    def _replace(self, folder: int, name: str, edit: FileEdit) -> None:
        with opened_file(folder, name, edit.path) as (descriptor, state):
            if self._content(descriptor, state, edit.path) != edit.before:
                refuse(edit.path, "has changed since it was read", "run again")
            if not state.st_mode & stat.S_IWUSR:
                refuse(edit.path, "is write-protected", "give its owner the permission to write (chmod u+w)")
            fresh = f".imgupdate-{os.urandom(8).hex()}"
            try:
                _fill(folder, fresh, edit.after, like=descriptor)
                if _identity(os.stat(name, dir_fd=folder, follow_symlinks=False)) != _identity(state):
                    refuse(edit.path, "has changed since it was read", "run again")
                os.rename(fresh, name, src_dir_fd=folder, dst_dir_fd=folder)
            except BaseException:
                with suppress(OSError):
                    os.unlink(fresh, dir_fd=folder)
                raise


def _fill(folder: int, name: str, content: bytes, *, like: int) -> None:
    """Make a file with the owner, attributes and mode of another, and bring it to the disk."""
    descriptor = os.open(name, _FRESH, 0o600, dir_fd=folder)
    try:
        rest = memoryview(content)
        while rest:
            rest = rest[os.write(descriptor, rest) :]
        state, own = os.fstat(like), os.fstat(descriptor)
        if (own.st_uid, own.st_gid) != (state.st_uid, state.st_gid):
            os.fchown(descriptor, state.st_uid, state.st_gid)
        _copy_attributes(like, descriptor)
        os.fchmod(descriptor, stat.S_IMODE(state.st_mode))
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _copy_attributes(source: int, target: int) -> None:
    """Copy extended attributes, access lists among them, as far as the file system and our rights allow."""
    if sys.platform == "linux":
        with suppress(OSError):
            for attribute in os.listxattr(source):
                with suppress(OSError):
                    os.setxattr(target, attribute, os.getxattr(source, attribute))


def _identity(state: os.stat_result) -> tuple[int, ...]:
    return state.st_dev, state.st_ino, state.st_size, state.st_mtime_ns, state.st_mode


def _settle(folder: int) -> None:
    """Bring a renaming to the disk; the file is whole either way, so that a refusal is no failure."""
    with suppress(OSError):
        os.fsync(folder)
