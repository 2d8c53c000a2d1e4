"""The contents of files in trees: from the workspace where it has them, else from GitHub, each once."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from imgupdate.errors import PublishError
from imgupdate.github.api import Api, text
from imgupdate.github.objects import Entry, blob_id
from imgupdate.report.text import clean

if TYPE_CHECKING:
    from imgupdate.remote import BlobId

Local = Callable[[str], bytes | None]
"""The workspace's bytes of a path, None where it has none."""


class Contents:
    """Contents by hash. What GitHub sends is held against its hash."""

    def __init__(self, api: Api, local: Local) -> None:
        self._api = api
        self._local = local
        self._local_ids: dict[str, BlobId] = {}
        self._kept: dict[str, bytes] = {}
        self._kept_bytes = 0
        self._screened: dict[tuple[bytes, str], bool] = {}

    def keep(self, content: bytes) -> None:
        """Remember a content that a tree of ours holds."""
        key = blob_id(content)
        if key in self._kept:
            return
        self._kept[key] = content
        self._kept_bytes += len(content)
        while self._kept_bytes > self._api.limits.kept_bytes:
            self._kept_bytes -= len(self._kept.pop(next(iter(self._kept))))

    def of(self, path: str, entry: Entry) -> bytes:
        """The content of an entry at a path."""
        found = self._at_hand(path, entry)
        if found is None:
            found = self._fetch(path, entry)
            self.keep(found)
        return found

    def prepare(self, files: Iterable[tuple[str, Entry]]) -> None:
        """Fetch several contents at once, so that `of` has them at hand.

        Raises:
            PublishError: more files than we take have to be fetched.

        """
        wanted = {entry.id: (path, entry) for path, entry in files}
        self._fetch_all([pair for pair in wanted.values() if self._at_hand(*pair) is None])

    def holding(self, files: Iterable[tuple[str, Entry]], token: bytes) -> set[str]:
        """The hashes of those files whose bytes hold a token.

        One that is larger than what we look through, and not in the workspace, counts: reading it reports it.

        Raises:
            PublishError: more files than we take have to be fetched.

        """
        wanted = {entry.id: (path, entry) for path, entry in files}
        missing: list[tuple[str, Entry]] = []
        for key, (path, entry) in wanted.items():
            if (token, key) in self._screened:
                continue
            content = self._at_hand(path, entry)
            if content is not None:
                self._screened[token, key] = token in content
            elif entry.size > self._api.limits.screened_bytes:
                self._screened[token, key] = True
            else:
                missing.append((path, entry))
        for key, content in self._fetch_all(missing):
            self._screened[token, key] = token in content
        return {key for key in wanted if self._screened[token, key]}

    def _fetch_all(self, missing: list[tuple[str, Entry]]) -> list[tuple[str, bytes]]:
        bound = self._api.limits.fetched_files
        if len(missing) > bound:
            raise PublishError(
                f"{len(missing)} files of the branch are not in the workspace, and at most {bound} are fetched",
                remedy="check out the branch that is to be updated with actions/checkout before this step",
            )
        if not missing:
            return []
        from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415 - only where there is something to fetch

        with ThreadPoolExecutor(self._api.limits.at_once) as pool:
            contents = list(pool.map(lambda pair: self._fetch(*pair), missing))
        for content in contents:
            self.keep(content)
        return [(entry.id, content) for (_, entry), content in zip(missing, contents, strict=True)]

    def _at_hand(self, path: str, entry: Entry) -> bytes | None:
        kept = self._kept.get(entry.id)
        if kept is not None:
            return kept
        if self._local_ids.get(path, entry.id) != entry.id:
            return None
        content = self._local(path)
        if content is None or (entry.size >= 0 and len(content) != entry.size):
            return None
        self._local_ids[path] = blob_id(content)
        return content if self._local_ids[path] == entry.id else None

    def _fetch(self, path: str, entry: Entry) -> bytes:
        data = self._api.get(f"git/blobs/{entry.id}", "read a file")
        try:
            content = base64.b64decode(text(data, "content"))
        except (binascii.Error, ValueError) as error:
            raise self._damaged(path) from error
        if blob_id(content) != entry.id:
            raise self._damaged(path)
        return content

    @staticmethod
    def _damaged(path: str) -> PublishError:
        return PublishError("GitHub sent other bytes than the file has", where=clean(path, 300), remedy="run again")
