"""Small files that the environment of a login names."""

from __future__ import annotations

from pathlib import Path

from imgupdate.errors import ScanError
from imgupdate.registry.failures import clean

LONGEST_FILE = 64 * 1024


def read_file(path: str, remedy: str) -> bytes:
    """The content of a small file.

    Raises:
        ScanError: it cannot be read, or is too large to be what it should be.

    """
    try:
        with Path(path).open("rb") as file:
            data = file.read(LONGEST_FILE + 1)
    except (OSError, ValueError) as error:
        reason = (error.strerror if isinstance(error, OSError) else "") or "its name is none"
        raise ScanError(f"{clean(path)} cannot be read: {reason}", remedy=remedy) from error
    if len(data) > LONGEST_FILE:
        raise ScanError(f"{clean(path)} is larger than a file of credentials can be", remedy=remedy)
    return data
