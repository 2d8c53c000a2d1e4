"""Opening files below a root without ever leaving it.

A path is opened one component at a time and never through a link, so that a folder which somebody swaps for a link
between two steps leads nowhere.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

from imgupdate.errors import UnreadableFile

FOLDER = os.O_RDONLY | os.O_NOFOLLOW | os.O_DIRECTORY | os.O_CLOEXEC
FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC

_LINK = "replace the link by what it stands for"
_SPACE = "free some space"
_REMEDIES = {
    errno.EACCES: "give the user that runs this the rights to it",
    errno.EPERM: "run as the owner of the file",
    errno.EROFS: "run on a file system that can be written",
    errno.ENOSPC: _SPACE,
    errno.EDQUOT: _SPACE,
    errno.EFBIG: "lift the limit on the size of files",
    errno.ELOOP: _LINK,
    errno.ENOTDIR: _LINK,
}


def is_git(name: str) -> bool:
    """Whether a base name is that of a git directory, which is never entered."""
    return name.lower() == ".git"


def printable(path: str) -> str:
    """A path as it may be printed: without control characters, and encodable."""
    if path.isprintable():
        return path
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in path)


def refuse(path: str, message: str, remedy: str = "") -> NoReturn:
    """Raise UnreadableFile about a path."""
    raise UnreadableFile(message, where=printable(path), remedy=remedy)


def refusal(path: str, failure: str, error: OSError) -> UnreadableFile:
    """What the system says about a path; `failure` is like "cannot be read"."""
    reason = (error.strerror or "the system refused").lower()
    return UnreadableFile(f"{failure}: {reason}", where=printable(path), remedy=_REMEDIES.get(error.errno or 0, ""))


@contextmanager
def translated(path: str, failure: str) -> Iterator[None]:
    """Turn what the system says about a path into UnreadableFile (see `refusal`)."""
    try:
        yield
    except OSError as error:
        raise refusal(path, failure, error) from error


@contextmanager
def opened_folder(root: str, folder: str) -> Iterator[int]:
    """A descriptor of a folder below the root; the empty path is the root itself.

    Raises:
        OSError: it is not there, or a component is a link.
        UnreadableFile: the path is not in normal form, or enters a git directory.

    """
    names = folder.split("/") if folder else []
    if any(name in ("", ".", "..") or is_git(name) for name in names):
        refuse(folder, "is not a folder of the tree")
    descriptor = os.open(root, FOLDER)
    try:
        for name in names:
            inner = os.open(name, FOLDER, dir_fd=descriptor)
            os.close(descriptor)
            descriptor = inner
        yield descriptor
    finally:
        os.close(descriptor)


@contextmanager
def parent_of(root: str, path: str) -> Iterator[tuple[int, str]]:
    """A descriptor of the folder that a file is in, and the file's base name; raises as `opened_folder`."""
    folder, _, name = path.rpartition("/")
    if name in ("", ".", "..") or is_git(name):
        refuse(path, "is not a file of the tree")
    with opened_folder(root, folder) as descriptor:
        yield descriptor, name


@contextmanager
def opened_file(folder: int, name: str, path: str) -> Iterator[tuple[int, os.stat_result]]:
    """A descriptor of a regular file in an open folder, and its state. Pipes, sockets and devices are not opened.

    Raises:
        OSError: it is not there or cannot be opened.
        UnreadableFile: it is a link or another thing that is not a regular file.

    """
    seen = os.stat(name, dir_fd=folder, follow_symlinks=False)
    if stat.S_ISLNK(seen.st_mode):
        refuse(path, "has become a link", _LINK)
    if not stat.S_ISREG(seen.st_mode):
        refuse(path, "is not a regular file")
    descriptor = os.open(name, FILE, dir_fd=folder)
    try:
        state = os.fstat(descriptor)
        if not stat.S_ISREG(state.st_mode):
            refuse(path, "is not a regular file")
        yield descriptor, state
    finally:
        os.close(descriptor)
