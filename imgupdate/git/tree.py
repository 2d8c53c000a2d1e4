"""The files of a commit, read from the objects that were fetched."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from imgupdate.errors import UnreadableFile
from imgupdate.files import is_manifest, is_under
from imgupdate.git.objects import Repository
from imgupdate.remote import BlobId, TreeId

FILE_BYTES = 10 << 20
SCREENED_BYTES = 256 << 20
FILES = ("100644", "100755", "100664")
_LINK = "120000"
_LISTING_BYTES = 512 << 20
_BATCH_BYTES = 32 << 20
_KEPT_BYTES = 64 << 20
_LONGEST_LINK = 4096
_MOST_LINKS = 40


@dataclass(frozen=True, slots=True)
class Entry:
    """What a tree holds under a path: mode, object, and size in bytes."""

    mode: str
    id: BlobId
    size: int

    @property
    def is_file(self) -> bool:
        """Whether it is a regular file."""
        return self.mode in FILES

    @property
    def is_link(self) -> bool:
        """Whether it is a symbolic link."""
        return self.mode == _LINK


class Contents:
    """The contents of files, each looked through once for a token; what holds one is kept, within bounds."""

    def __init__(self, repository: Repository, *, kept_bytes: int = _KEPT_BYTES) -> None:
        self._repository = repository
        self._room = kept_bytes
        self._looked: dict[bytes, dict[str, bool]] = {}
        self._kept: dict[str, bytes] = {}

    def holding(self, token: bytes, entries: Iterable[Entry]) -> frozenset[str]:
        """Those of the files that hold a token, and those that are too large to be looked through."""
        looked = self._looked.setdefault(token, {})
        unseen = {entry.id: entry for entry in entries if entry.id not in looked}
        looked |= {entry.id: True for entry in unseen.values() if entry.size > SCREENED_BYTES}
        for batch in _batches([entry for entry in unseen.values() if entry.size <= SCREENED_BYTES]):
            bound = sum(entry.size for entry in batch)
            for id_, content in self._repository.read([entry.id for entry in batch], bound=bound).items():
                looked[id_] = token in content
                if looked[id_]:
                    self._keep(id_, content)
        return frozenset(id_ for id_, held in looked.items() if held)

    def read(self, entry: Entry) -> bytes:
        """The content of one file."""
        if entry.id not in self._kept:
            return self._repository.read([entry.id], bound=entry.size)[entry.id]
        return self._kept[entry.id]

    def _keep(self, id_: str, content: bytes) -> None:
        if id_ not in self._kept and len(content) <= self._room:
            self._kept[id_] = content
            self._room -= len(content)


class GitTree:
    """The files of a commit (`publish.ports.CommitTree`)."""

    def __init__(self, tree: TreeId, repository: Repository, contents: Contents) -> None:
        self._id = tree
        self._repository = repository
        self._contents = contents
        self._entries = dict(read_entries(repository, tree))
        self._folders = {""} | {up for path in self._entries for up in _folders_of(path)}
        self._targets: Mapping[str, bytes] | None = None
        self._manifests: Mapping[str, str] | None = None

    @property
    def id(self) -> TreeId:
        """The hash of the tree."""
        return self._id

    def list(self, under: str, holding: bytes) -> Sequence[str]:
        """The YAML files below a path whose bytes hold the token, sorted, each real file once (see `files.Files`)."""
        resolved = self._real(under)
        if resolved is None:
            raise UnreadableFile("is not in the tree", where=_printable(under), remedy="name a path that exists")
        if self._manifests is None:
            self._manifests = dict(self._find_manifests())
        held = self._contents.holding(holding, (self._entries[target] for target in self._manifests.values()))
        found = {
            target
            for path, target in self._manifests.items()
            if self._entries[target].id in held and (is_under(path, resolved) or path == under)
        }
        return tuple(sorted(found))

    def read(self, path: str) -> bytes:
        """The content of one file that `list` named (see `files.Files`)."""
        entry = self._entries.get(path)
        if entry is None:
            raise UnreadableFile("is not in the tree", where=_printable(path), remedy="name a path that exists")
        if not entry.is_file:
            raise UnreadableFile("is not a regular file", where=_printable(path))
        if entry.size > FILE_BYTES:
            message = f"is too large: it has {entry.size} bytes, and at most {FILE_BYTES} are read"
            raise UnreadableFile(message, where=_printable(path), remedy="split the file")
        return self._contents.read(entry)

    def _find_manifests(self) -> Iterator[tuple[str, str]]:
        """Every path that has a manifest's name, with that of the real file in the tree that it leads to."""
        for path, entry in self._entries.items():
            if is_manifest(path.rpartition("/")[2]) and _encodable(path):
                target = path if entry.is_file else self._real(path) if entry.is_link else None
                if target is not None and target in self._entries and _encodable(target):
                    yield path, target

    def _real(self, path: str) -> str | None:
        """Where a path leads within the tree, links followed; None where it leads nowhere or away."""
        ahead = [part for part in reversed(path.split("/")) if part]
        behind: list[str] = []
        links = 0
        while ahead:
            part = ahead.pop()
            if part == "..":
                if not behind:
                    return None
                behind.pop()
                continue
            here = "/".join([*behind, part])
            entry = self._entries.get(here)
            if entry is not None and entry.is_link:
                links += 1
                target = self._target(here)
                if links > _MOST_LINKS or target.startswith("/"):
                    return None
                ahead += [piece for piece in reversed(target.split("/")) if piece not in ("", ".")]
            elif (entry.is_file and not ahead) if entry is not None else here in self._folders:
                behind.append(part)
            else:
                return None
        return "/".join(behind)

    def _target(self, path: str) -> str:
        """What a link says."""
        if self._targets is None:
            links = {entry.id: entry for entry in self._entries.values() if entry.is_link}
            short = [id_ for id_, entry in links.items() if entry.size <= _LONGEST_LINK]
            self._targets = {} if not short else self._repository.read(short, bound=_LONGEST_LINK * len(short))
        return self._targets.get(self._entries[path].id, b"/").decode(errors="surrogateescape")


def read_entries(repository: Repository, tree: TreeId) -> Iterator[tuple[str, Entry]]:
    """Everything in a tree but folders, by path. A name that is not UTF-8 has surrogates."""
    said = repository.local("ls-tree", "-r", "-z", "-l", "--full-tree", tree, bound=_LISTING_BYTES)
    for line in said.split(b"\0")[:-1]:
        head, _, name = line.partition(b"\t")
        mode, _, id_, size = head.split()
        path = name.decode(errors="surrogateescape")
        yield path, Entry(mode.decode(), BlobId(id_.decode()), int(size) if size.isdigit() else 0)


def _batches(entries: Sequence[Entry]) -> Iterator[list[Entry]]:
    """Lists that have few enough bytes to be held at once, but for a file that alone has more."""
    batch: list[Entry] = []
    size = 0
    for entry in entries:
        if batch and size + entry.size > _BATCH_BYTES:
            yield batch
            batch, size = [], 0
        batch.append(entry)
        size += entry.size
    if batch:
        yield batch


def _folders_of(path: str) -> Iterator[str]:
    folder = path.rpartition("/")[0]
    while folder:
        yield folder
        folder = folder.rpartition("/")[0]


def _encodable(path: str) -> bool:
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return True


def _printable(path: str) -> str:
    return path if path.isprintable() else path.encode("unicode_escape", "surrogateescape").decode("ascii", "replace")
