"""Manifests and configurations by their digest: they never change, and are held against it whenever they are read."""

from __future__ import annotations

import hashlib

from imgupdate.registry.cache.directory import CacheDirectory, Kind
from imgupdate.registry.cache.keys import who_asked
from imgupdate.registry.session import Visit

LARGEST = 256 * 1024
"""Bytes of the largest content that is kept; what images say of themselves is far smaller."""


class ContentCache:
    """Contents of repositories, each for those who were given it by the registry."""

    def __init__(self, directory: CacheDirectory) -> None:
        self._directory = directory

    def read(self, visit: Visit, digest: str) -> bytes | None:
        """The bytes that have a digest, None where they are not kept."""

        def checked(payload: bytes) -> bytes:
            if f"sha256:{hashlib.sha256(payload).hexdigest()}" != digest:
                raise ValueError("it is other content")
            return payload

        return self._directory.read(Kind.CONTENT, _key(visit, digest), checked)

    def write(self, visit: Visit, digest: str, content: bytes) -> None:
        """Keep what a registry sent."""
        if len(content) <= LARGEST:
            self._directory.write(Kind.CONTENT, _key(visit, digest), content)


def _key(visit: Visit, digest: str) -> str:
    return hashlib.sha256(f"{who_asked(visit)} {digest}".encode()).hexdigest()
