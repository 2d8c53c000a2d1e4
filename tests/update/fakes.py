"""A tree in memory and a registry that answers from a table."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from threading import Lock

from imgupdate.config import load
from imgupdate.config.model import Config, RegistryAccess
from imgupdate.errors import Error, ScanError, UnreadableFile
from imgupdate.files import is_manifest, is_under
from imgupdate.images import Digest, Repository, Tag
from imgupdate.results import Listing
from imgupdate.update import Scanner

DIGEST = Digest("sha256:" + "1" * 64)
OTHER_DIGEST = Digest("sha256:" + "2" * 64)


class MemoryFiles:
    """A tree that is a mapping."""

    def __init__(self, contents: Mapping[str, str]) -> None:
        self.contents = {path: text.encode() for path, text in contents.items()}

    def list(self, under: str, holding: bytes) -> Sequence[str]:
        if not any(is_under(path, under) for path in self.contents):
            raise UnreadableFile("is not in the tree", where=under)
        return sorted(
            path
            for path, data in self.contents.items()
            if is_under(path, under) and is_manifest(path.rpartition("/")[2]) and holding in data
        )

    def read(self, path: str) -> bytes:
        if path not in self.contents:
            raise UnreadableFile("is not in the tree", where=path)
        return self.contents[path]


Tags = Listing | BaseException | Callable[[], Listing]


@dataclass
class TableRegistry:
    """Answers by canonical image, and by image and tag; what is not in the tables fails as a registry does."""

    tags_of: Mapping[str, Tags] = field(default_factory=dict)
    digest_of: Mapping[str, Digest | Error] = field(default_factory=dict)
    scanned: list[str] = field(default_factory=list)
    looked_up: list[str] = field(default_factory=list)
    accesses: list[RegistryAccess] = field(default_factory=list)
    prepared: list[str] = field(default_factory=list)
    _lock: Lock = field(default_factory=Lock)

    def tags(self, repository: Repository, access: RegistryAccess) -> Listing:
        with self._lock:
            self.scanned.append(repository.canonical)
            self.accesses.append(access)
        answer = self.tags_of.get(repository.canonical, ScanError("no answer", remedy="try again later"))
        if isinstance(answer, BaseException):
            raise answer
        return answer if isinstance(answer, Listing) else answer()

    def digest(self, repository: Repository, tag: Tag, access: RegistryAccess) -> Digest:
        name = f"{repository.canonical}:{tag}"
        with self._lock:
            self.looked_up.append(name)
        answer = self.digest_of.get(name, ScanError("no such tag"))
        if isinstance(answer, Error):
            raise answer
        return answer

    def prepare(self, repositories: Iterable[tuple[Repository, RegistryAccess]]) -> None:
        self.prepared += [repository.canonical for repository, _ in repositories]


@dataclass
class RecordedProgress:
    """Progress that remembers what it heard."""

    heard: list[str] = field(default_factory=list)

    def begin(self, step: str, total: int) -> None:
        self.heard.append(f"{step} {total}")

    def advance(self, item: str) -> None:
        self.heard.append(item)

    def end(self) -> None:
        self.heard.append("end")


def listing(*tags: str, warnings: tuple[str, ...] = ()) -> Listing:
    return Listing(tags=tags, warnings=warnings)


def scanner(source: TableRegistry, *, workers: int = 8, progress: RecordedProgress | None = None) -> Scanner:
    return Scanner(source=source, workers=workers, progress=progress or RecordedProgress())


def configuration(*manifests: str, **files: str) -> Config:
    """The configuration of a tree: the manifests in one file, and further files by name."""
    return load(MemoryFiles({"flux.yaml": "---\n".join(manifests), **files}))


def repository(name: str = "podinfo", image: str = "reg.example/podinfo", **spec: str) -> str:
    fields = "".join(f"  {key}: {value}\n" for key, value in {"image": image, "interval": "5m", **spec}.items())
    return (
        "apiVersion: image.toolkit.fluxcd.io/v1\nkind: ImageRepository\n"
        f"metadata: {{name: {name}, namespace: flux-system}}\nspec:\n{fields}"
    )


def policy(name: str = "podinfo", range_: str = ">=1.0.0", repository: str = "podinfo", **spec: str) -> str:
    given = {"policy": f'{{semver: {{range: "{range_}"}}}}', **spec}
    fields = "".join(f"  {key}: {value}\n" for key, value in given.items())
    return (
        "apiVersion: image.toolkit.fluxcd.io/v1\nkind: ImagePolicy\n"
        f"metadata: {{name: {name}, namespace: flux-system}}\n"
        f"spec:\n  imageRepositoryRef: {{name: {repository}}}\n{fields}"
    )
