"""The trailer by which a commit is known to be ours and untouched (design, section 6).

`Imgupdate-Plan` holds a hash of the message and of what the changed files became. A commit that somebody amended, or
that was copied onto other content, does not match its trailer and is somebody's work.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence

from imgupdate.remote import BlobId
from imgupdate.results import FileEdit

PLAN = "Imgupdate-Plan"
CO_AUTHOR = "Co-authored-by"

_TRAILER = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]*: \S.*")
_PLAN = re.compile(rf"^{PLAN}: (?P<hash>[0-9a-f]{{64}})\n?\Z", re.MULTILINE)


def with_trailers(message: str, trailers: Sequence[tuple[str, str]]) -> str:
    r"""A message with trailers at its end, in a paragraph of their own or in that of trailers that it has.

    >>> with_trailers("Update", [("Signed-off-by", "me")])
    'Update\n\nSigned-off-by: me\n'
    """
    if not trailers:
        return message
    text = message.rstrip("\n")
    last = text.rpartition("\n\n")[2] if "\n\n" in text else ""
    gap = "\n" if last and all(_TRAILER.fullmatch(line) for line in last.split("\n")) else "\n\n"
    return text + gap + "".join(f"{name}: {value}\n" for name, value in trailers)


def sealed(message: str, blobs: Mapping[str, BlobId]) -> str:
    """A message with the trailer that says what its commit holds: by path, the files that it changed."""
    return with_trailers(message, [(PLAN, _hash(with_trailers(message, [(PLAN, "")]), blobs))])


def is_sealed(message: str) -> bool:
    """Whether a message ends with our trailer, whatever it says."""
    return _PLAN.search(message) is not None


def is_intact(message: str, blobs: Mapping[str, BlobId]) -> bool:
    """Whether a message and the files that its commit changed are as its trailer says."""
    found = _PLAN.search(message)
    return found is not None and _hash(f"{message[: found.start()]}{PLAN}: \n", blobs) == found["hash"]


def blobs_of(edits: Sequence[FileEdit], *, like: str) -> dict[str, BlobId]:
    """The files that edits change, and the hashes that Git knows their content by, as long as `like`."""
    algorithm = "sha256" if len(like) == 64 else "sha1"
    return {edit.path: blob_id(edit.after, algorithm) for edit in edits}


def blob_id(content: bytes, algorithm: str = "sha1") -> BlobId:
    """The hash that Git knows a file's content by.

    >>> blob_id(b"")
    'e69de29bb2d1d6434b8b29ae775ad8c2e48c5391'
    """
    digest = hashlib.new(algorithm, b"blob %d\0" % len(content), usedforsecurity=False)
    digest.update(content)
    return BlobId(digest.hexdigest())


def _hash(message: str, blobs: Mapping[str, BlobId]) -> str:
    listed = "".join(f"{blob} {path}\0" for path, blob in sorted(blobs.items()))
    return hashlib.sha256(f"{message}\0{listed}".encode("utf-8", "surrogateescape")).hexdigest()
