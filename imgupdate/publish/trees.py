"""Trees as publishing sees them: with edits on top, or only a part."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from imgupdate.files import Files
from imgupdate.results import FileEdit


@dataclass(frozen=True, slots=True)
class Overlay:
    """A tree in which some files, which it has, hold something else. `list` goes by what they held."""

    files: Files
    contents: Mapping[str, bytes]

    def list(self, under: str, holding: bytes) -> Sequence[str]:
        """As the tree below; an edit keeps every token that is looked for."""
        return self.files.list(under, holding)

    def read(self, path: str) -> bytes:
        """The new content where there is one."""
        content = self.contents.get(path)
        return self.files.read(path) if content is None else content


@dataclass(frozen=True, slots=True)
class Folder:
    """A tree of which only the files that lie directly in one folder are seen."""

    files: Files
    folder: str

    def list(self, under: str, holding: bytes) -> Sequence[str]:
        """Those of the folder itself, not of the folders below it."""
        return [path for path in self.files.list(under, holding) if path.rpartition("/")[0] == self.folder]

    def read(self, path: str) -> bytes:
        """As the tree below."""
        return self.files.read(path)


def joined(series: Sequence[Sequence[FileEdit]]) -> tuple[FileEdit, ...]:
    """Edits that were made one upon the other as one edit of each file, by path."""
    edits: dict[str, FileEdit] = {}
    for edit in (edit for step in series for edit in step):
        first = edits.get(edit.path)
        changes = (*first.changes, *edit.changes) if first else edit.changes
        before = first.before if first else edit.before
        edits[edit.path] = FileEdit(path=edit.path, before=before, after=edit.after, changes=changes)
    return tuple(edits[path] for path in sorted(edits))
