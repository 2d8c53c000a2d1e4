"""The trees of commits, read with one request each, and the trees that we write."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from imgupdate.errors import PublishError, UnreadableFile
from imgupdate.files import is_manifest, is_under
from imgupdate.github.api import Api, items, member, object_id
from imgupdate.github.contents import Contents, Local
from imgupdate.github.objects import Entry, Kind, Listing, is_hash
from imgupdate.remote import CommitId, TreeId
from imgupdate.report.text import clean

_LINKS = 40
_KEPT_LISTINGS = 8
_WHERE = 300


class CommitFiles:
    """The files of a commit, as `publish.ports.CommitTree`."""

    def __init__(self, listing: Listing, contents: Contents, file_bytes: int) -> None:
        self._listing = listing
        self._contents = contents
        self._file_bytes = file_bytes

    @property
    def id(self) -> TreeId:
        """The hash of the tree."""
        return self._listing.id

    def list(self, under: str, holding: bytes) -> Sequence[str]:
        """The YAML files below a path whose bytes hold the token, sorted, each real file once (see `files.Files`)."""
        entries = self._listing.entries
        resolved = self._real(under)
        if resolved is None:
            raise UnreadableFile("is not in the tree", where=clean(under, _WHERE), remedy="name a path that exists")
        named = {
            path: entry
            for path, entry in entries.items()
            if is_manifest(path.rpartition("/")[2]) and (is_under(path, resolved) or path == under)
        }
        found = {path: entry for path, entry in named.items() if entry.kind is Kind.FILE}
        links = {path: entry for path, entry in named.items() if entry.kind is Kind.LINK}
        self._contents.prepare(links.items())
        for target in filter(None, map(self._real, links)):
            if entries[target].kind is Kind.FILE:
                found[target] = entries[target]
        held = self._contents.holding(found.items(), holding)
        return tuple(sorted(path for path, entry in found.items() if entry.id in held))

    def read(self, path: str) -> bytes:
        """The content of one file that `list` named (see `files.Files`)."""
        entry = self._listing.entries.get(path)
        if entry is None or entry.kind is not Kind.FILE:
            raise UnreadableFile("is no file of the tree", where=clean(path, _WHERE), remedy="run again")
        if entry.size > self._file_bytes:
            raise UnreadableFile(
                f"is too large: it has {entry.size} bytes, and at most {self._file_bytes} are read",
                where=clean(path, _WHERE),
                remedy="split the file",
            )
        return self._contents.of(path, entry)

    def _real(self, path: str) -> str | None:
        """Where a path leads, through links; the empty path is the root, None is nowhere or out of the tree."""
        done: list[str] = []
        waiting = path.split("/")[::-1] if path else []
        links = 0
        while waiting:
            name = waiting.pop()
            if name in {"", "."}:
                continue
            if name == "..":
                if not done:
                    return None
                done.pop()
                continue
            here = "/".join((*done, name))
            entry = self._listing.entries.get(here)
            if entry is None or (waiting and entry.kind in {Kind.FILE, Kind.SUBMODULE}):
                return None
            if entry.kind is not Kind.LINK:
                done.append(name)
                continue
            links += 1
            target = self._contents.of(here, entry).decode("utf-8", "replace")
            if links > _LINKS or target.startswith("/") or not target:
                return None
            waiting += target.split("/")[::-1]
        return "/".join(done)


class Trees:
    """The trees of one repository, as far as they were asked for."""

    def __init__(self, api: Api, local: Local) -> None:
        self._api = api
        self.contents = Contents(api, local)
        self._of_commit: dict[CommitId, TreeId] = {}
        self._listings: dict[TreeId, Listing] = {}
        self._existing: set[TreeId] = set()

    def learn(self, commit: CommitId, tree: TreeId) -> None:
        """Remember which tree a commit has."""
        self._of_commit[commit] = tree
        self._existing.add(tree)

    def exists(self, tree: TreeId) -> bool:
        """Whether GitHub is known to have a tree."""
        return tree in self._existing

    def files(self, commit: CommitId) -> CommitFiles:
        """The files of a commit."""
        return CommitFiles(self.of_commit(commit), self.contents, self._api.limits.file_bytes)

    def of_commit(self, commit: CommitId) -> Listing:
        """Everything in a commit."""
        tree = self._of_commit.get(commit)
        if tree is not None:
            return self.of_tree(tree)
        entries = self._read(commit)
        try:
            listing = Listing(entries)
        except ValueError:
            data = self._api.get(f"git/commits/{commit}", f"read the commit {commit[:7]}")
            listing = Listing(entries, TreeId(object_id(data, "tree", "sha")))
        self.learn(commit, listing.id)
        return self.keep(listing)

    def of_tree(self, tree: TreeId) -> Listing:
        """Everything in a tree."""
        listing = self._listings.pop(tree, None)
        return self.keep(listing or Listing(self._read(tree), tree))

    def keep(self, listing: Listing) -> Listing:
        """Remember a tree that GitHub has."""
        self._listings[listing.id] = listing
        self._existing.add(listing.id)
        while len(self._listings) > _KEPT_LISTINGS:
            del self._listings[next(iter(self._listings))]
        return listing

    def _read(self, treeish: str) -> dict[str, Entry]:
        entries: dict[str, Entry] = {}
        waiting = [("", treeish)]
        for _ in range(self._api.limits.tree_requests):
            if not waiting:
                return entries
            prefix, sha = waiting.pop()
            entries.update(self._whole_or_level(prefix, sha, waiting))
            if len(entries) > self._api.limits.tree_entries:
                break
        raise PublishError(
            "the repository has more files than we can list through the API",
            remedy="tell us which repository this is; it is larger than we have seen",
        )

    def _whole_or_level(self, prefix: str, sha: str, waiting: list[tuple[str, str]]) -> Iterator[tuple[str, Entry]]:
        """All below a folder, or, where that is too much to tell, the folder alone; then those in it are waiting."""
        what = "list the files of a commit"
        data = self._api.get(f"git/trees/{sha}", what, recursive="1")
        level = member(data, "truncated") is True
        if level:
            data = self._api.get(f"git/trees/{sha}", what)
            if member(data, "truncated") is True:
                raise PublishError(
                    "a folder of the repository has more entries than GitHub lists",
                    where=clean(prefix.rstrip("/"), _WHERE),
                    remedy="split the folder",
                )
        for item in items(member(data, "tree")):
            path, entry = _entry(prefix, item)
            if level and entry.kind is Kind.FOLDER:
                waiting.append((f"{path}/", entry.id))
            yield path, entry


def _entry(prefix: str, item: object) -> tuple[str, Entry]:
    path, mode, sha, size = (member(item, name) for name in ("path", "mode", "sha", "size"))
    if (
        not isinstance(path, str)
        or not isinstance(mode, str)
        or not isinstance(sha, str)
        or not is_hash(sha)
        or any(part in {"", ".", ".."} for part in path.split("/"))
    ):
        raise PublishError(
            "GitHub lists a file in a way that we do not understand",
            remedy="check that GITHUB_API_URL leads to GitHub; if so, this is an error of imgupdate: report it",
        )
    return prefix + path, Entry(mode, sha, size if isinstance(size, int) else -1)
