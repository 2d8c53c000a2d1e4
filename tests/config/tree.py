"""A tree of files in memory, which remembers what was asked of it."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence

from imgupdate.config import load
from imgupdate.config.model import Config, Scope
from imgupdate.errors import UnreadableFile
from imgupdate.files import is_manifest, is_under
from imgupdate.results import ObjectKey, Problem, Severity


class Tree:
    """`files.Files` over texts. `reads` and `listed` are what was read and looked for; `unreadable` are refused."""

    def __init__(self, texts: Mapping[str, str | bytes], *, unreadable: Sequence[str] = ()) -> None:
        self._contents = {
            path: text if isinstance(text, bytes) else textwrap.dedent(text).encode() for path, text in texts.items()
        }
        self._unreadable = frozenset(unreadable)
        self.reads: list[str] = []
        self.listed: list[tuple[str, bytes]] = []

    def list(self, under: str, holding: bytes) -> Sequence[str]:
        self.listed.append((under, holding))
        if under and not any(is_under(path, under) for path in self._contents):
            raise UnreadableFile("is not in the tree", where=under, remedy="name a path that exists")
        return sorted(
            path
            for path, content in self._contents.items()
            if is_under(path, under) and is_manifest(path.rpartition("/")[2]) and holding in content
        )

    def read(self, path: str) -> bytes:
        self.reads.append(path)
        if path in self._unreadable or path not in self._contents:
            raise UnreadableFile("cannot be read", where=path, remedy="look at it")
        return self._contents[path]


def loaded(text: str, **more: str) -> Config:
    """The configuration of one file of manifests; `more` are others, named by keyword."""
    return load(Tree({"flux.yaml": text, **{f"{name}.yaml": content for name, content in more.items()}}))


def only_scope(config: Config) -> Scope:
    (scope,) = config.scopes
    return scope


def key(name: str, namespace: str = "flux-system") -> ObjectKey:
    return ObjectKey("", namespace, name)


def errors(problems: Sequence[Problem]) -> list[str]:
    return [str(problem) for problem in problems if problem.severity is Severity.ERROR]


def warnings(problems: Sequence[Problem]) -> list[str]:
    return [str(problem) for problem in problems if problem.severity is Severity.WARNING]


REPOSITORY = """
apiVersion: image.toolkit.fluxcd.io/v1
kind: ImageRepository
metadata: {name: app, namespace: flux-system}
spec: {image: ghcr.io/org/app, interval: 5m}
"""
POLICY = """
apiVersion: image.toolkit.fluxcd.io/v1
kind: ImagePolicy
metadata: {name: app, namespace: flux-system, labels: {team: one}}
spec:
  imageRepositoryRef: {name: app}
  policy: {semver: {range: 5.0.x}}
"""
AUTOMATION = """
apiVersion: image.toolkit.fluxcd.io/v1
kind: ImageUpdateAutomation
metadata: {name: app, namespace: flux-system}
spec:
  interval: 30m
  sourceRef: {kind: GitRepository, name: flux-system}
  git:
    checkout: {ref: {branch: main}}
    commit: {author: {email: bot@example.com, name: bot}, messageTemplate: "hello"}
    push: {branch: main}
  update: {path: ./clusters/prod, strategy: Setters}
"""
SOURCE = """
apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata: {name: flux-system, namespace: flux-system}
spec:
  url: ssh://git@github.com/org/fleet
  ref: {branch: main}
"""
