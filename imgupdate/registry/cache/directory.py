"""Files in one folder: written whole or not at all, bounded in number, size and age, and never trusted.

Whatever is wrong with the folder or a file of it costs the cache, not the run: it is told as a notice.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TypeVar

from imgupdate.registry.clock import Clock

_FOLDER = os.O_RDONLY | os.O_NOFOLLOW | os.O_DIRECTORY | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_FRESH = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_HEADER = b"imgupdate cache 1\n"
_OVERHEAD = len(_HEADER) + hashlib.sha256().digest_size
_OURS = re.compile(r"(?:tags|content)-[0-9a-f]{64}|\.new-[0-9a-f]{16}")
_DAY = 86_400.0
_REMEDY = "nothing is lost but time; remove the file, or the folder with all of the cache"

Parsed = TypeVar("Parsed")


class Kind(StrEnum):
    """What a file holds."""

    TAGS = "tags"
    CONTENT = "content"


@dataclass(frozen=True, slots=True, kw_only=True)
class CacheLimits:
    """The bounds of the folder: files, bytes of all of them and of one, and seconds for which one lies unused.

    `leftover` is the age in seconds from which the beginnings of a run that died are removed.
    """

    files: int = 20_000
    total_bytes: int = 256 << 20
    file_bytes: int = 8 << 20
    unused: float = 90 * _DAY
    leftover: float = 3600.0


class Notices:
    """What people should hear about the cache, each thing once, and not without end. Safe to use from many threads."""

    MOST = 10

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._said: dict[str, str] = {}
        self._more = 0

    def say(self, message: str, remedy: str = _REMEDY) -> None:
        """Add a message, unless it is known."""
        with self._lock:
            if message in self._said:
                return
            if len(self._said) < self.MOST:
                self._said[message] = remedy
            else:
                self._more += 1

    @property
    def all(self) -> tuple[tuple[str, str], ...]:
        """Messages with what to do about each."""
        with self._lock:
            more = ((f"{self._more} more files of the cache are left aside", _REMEDY),) if self._more else ()
            return (*self._said.items(), *more)


class CacheDirectory:
    """The folder of a cache, made if it is not there. Safe to use from many threads and by several runs at once.

    What a run as root makes belongs to the owner of the folder that it was made in, so that a container leaves nothing
    behind that the runner cannot remove.
    """

    def __init__(self, path: Path, *, clock: Clock, limits: CacheLimits | None = None) -> None:
        self.notices = Notices()
        self.limits = limits or CacheLimits()
        self._path = path
        self._clock = clock
        self._wrote = False
        self._folder: int | None = None
        try:
            _make(path)
            self._folder = os.open(path, _FOLDER)
        except (OSError, ValueError) as error:
            self._say_unusable(error)

    def read(self, kind: Kind, key: str, parse: Callable[[bytes], Parsed]) -> Parsed | None:
        """What a file holds, None where there is none of use; `parse` raises ValueError where it is not to be used."""
        if self._folder is None:
            return None
        name = f"{kind}-{key}"
        try:
            payload = self._payload(self._folder, name)
            return None if payload is None else parse(payload)
        except (ValueError, RecursionError):
            self.notices.say(f"the file {name} of the cache is not what it should be, and is left aside")
            return None

    def write(self, kind: Kind, key: str, payload: bytes) -> None:
        """Keep this in place of what was there. What is too large is not kept."""
        if self._folder is None or len(payload) + _OVERHEAD > self.limits.file_bytes:
            return
        fresh = f".new-{os.urandom(8).hex()}"
        try:
            self._fill(self._folder, fresh, payload)
            os.rename(fresh, f"{kind}-{key}", src_dir_fd=self._folder, dst_dir_fd=self._folder)
            self._wrote = True
        except OSError as error:
            with suppress(OSError):
                os.unlink(fresh, dir_fd=self._folder)
            self._say_unusable(error)

    def close(self) -> None:
        """Bring the folder within its bounds, what was not used for longest first. Nothing is kept after this."""
        folder, self._folder = self._folder, None
        if folder is None:
            return
        try:
            if self._wrote:
                self._prune(folder)
        finally:
            os.close(folder)

    def _payload(self, folder: int, name: str) -> bytes | None:
        try:
            content = self._content(folder, name)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise ValueError("it cannot be read") from error
        payload = content[_OVERHEAD:]
        if content[:_OVERHEAD] != _HEADER + hashlib.sha256(payload).digest():
            raise ValueError("it is damaged")
        return payload

    def _content(self, folder: int, name: str) -> bytes:
        descriptor = os.open(name, _FILE, dir_fd=folder)
        try:
            state = os.fstat(descriptor)
            if not stat.S_ISREG(state.st_mode) or not _OVERHEAD <= state.st_size <= self.limits.file_bytes:
                raise ValueError("it is no file of a size that we write")
            if self._clock.now() - state.st_mtime > _DAY:
                with suppress(OSError):
                    os.utime(descriptor, (self._clock.now(), self._clock.now()))
            return _read(descriptor, state.st_size)
        finally:
            os.close(descriptor)

    def _fill(self, folder: int, name: str, payload: bytes) -> None:
        descriptor = os.open(name, _FRESH, 0o600, dir_fd=folder)
        try:
            _give_away(descriptor, os.fstat(folder))
            rest = memoryview(_HEADER + hashlib.sha256(payload).digest() + payload)
            while rest:
                rest = rest[os.write(descriptor, rest) :]
            os.utime(descriptor, (self._clock.now(), self._clock.now()))
        finally:
            os.close(descriptor)

    def _prune(self, folder: int) -> None:
        """Only files of ours, whose names nobody else gives, are removed."""
        now = self._clock.now()
        kept: list[tuple[float, int, str]] = []
        gone: list[str] = []
        with os.scandir(folder) as entries:
            for entry in entries:
                if not _OURS.fullmatch(entry.name) or not entry.is_file(follow_symlinks=False):
                    continue
                state = entry.stat(follow_symlinks=False)
                age = now - state.st_mtime
                if age > (self.limits.leftover if entry.name.startswith(".") else self.limits.unused):
                    gone.append(entry.name)
                else:
                    kept.append((-state.st_mtime, state.st_size, entry.name))
        total = 0
        for count, (_, size, name) in enumerate(sorted(kept), start=1):
            total += size
            if count > self.limits.files or total > self.limits.total_bytes:
                gone.append(name)
        for name in gone:
            with suppress(OSError):
                os.unlink(name, dir_fd=folder)

    def _say_unusable(self, error: Exception) -> None:
        reason = (error.strerror if isinstance(error, OSError) else None) or "it is no path"
        self.notices.say(
            f"the folder of the cache cannot be used: {reason.lower()}",
            "name a folder that this user may write; without it every list of tags is asked for anew",
        )


def _make(path: Path) -> None:
    """Make a folder and those above it, for their owner's eyes, with the owner of the one that was there."""
    missing = [folder for folder in (path, *path.absolute().parents) if not os.path.lexists(folder)]
    for folder in reversed(missing):
        with suppress(FileExistsError):
            folder.mkdir(mode=0o700)
            descriptor = os.open(folder, _FOLDER)
            try:
                _give_away(descriptor, folder.parent.stat())
            finally:
                os.close(descriptor)


def _give_away(descriptor: int, like: os.stat_result) -> None:
    """Let what root made belong to somebody; others can make only what is theirs."""
    state = os.fstat(descriptor)
    if state.st_uid == 0 and (like.st_uid, like.st_gid) != (state.st_uid, state.st_gid):
        os.fchown(descriptor, like.st_uid, like.st_gid)


def _read(descriptor: int, size: int) -> bytes:
    """At most so many bytes, though the file grow meanwhile."""
    chunks: list[bytes] = []
    while size > 0 and (chunk := os.read(descriptor, size)):
        chunks.append(chunk)
        size -= len(chunk)
    return b"".join(chunks)
