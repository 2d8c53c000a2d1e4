"""A tree of files in memory, and the few values that a plan for it is made from."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping, Sequence

from imgupdate.config.model import ActiveAutomation, ImagePolicy, Scope
from imgupdate.errors import UnreadableFile
from imgupdate.files import is_manifest, is_under
from imgupdate.images import Digest, Tag
from imgupdate.policies import SemVer, TagPolicy, compile_policy
from imgupdate.results import DigestReflection, Location, ObjectKey, Problem, Selection, Severity

DIGEST = Digest("sha256:" + "1" * 64)
OTHER_DIGEST = Digest("sha256:" + "2" * 64)


class DictFiles:
    """`files.Files` over texts, which are dedented; a path that is looked for without being there is refused."""

    def __init__(self, contents: Mapping[str, str | bytes]) -> None:
        self.contents = {
            path: content if isinstance(content, bytes) else textwrap.dedent(content).encode()
            for path, content in contents.items()
        }
        self.read_paths: list[str] = []

    def list(self, under: str, holding: bytes) -> Sequence[str]:
        if under and not any(is_under(path, under) for path in self.contents):
            raise UnreadableFile("is not in the tree", where=under, remedy="name a path that exists")
        return sorted(
            path
            for path, content in self.contents.items()
            if is_under(path, under) and is_manifest(path.rpartition("/")[2]) and holding in content
        )

    def read(self, path: str) -> bytes:
        self.read_paths.append(path)
        if path not in self.contents:
            raise UnreadableFile("cannot be read: no such file", where=path)
        return self.contents[path]


def key(name: str, *, scope: str = "", namespace: str = "flux-system") -> ObjectKey:
    return ObjectKey(scope, namespace, name)


def any_version() -> TagPolicy:
    return compile_policy(SemVer(range=">=0.0.0-0"), None)


def policy(name: ObjectKey) -> ImagePolicy:
    return ImagePolicy(key=name, location=Location("policies.yaml", 1), labels={}, repository=name, tags=any_version())


def unusable(name: ObjectKey) -> Problem:
    return Problem(severity=Severity.ERROR, message=f"{name} is wrong", exit_code=3)


def scope(*policies: ObjectKey, wrong: Iterable[ObjectKey] = (), name: str = "") -> Scope:
    return Scope(
        name=name,
        policies={key: policy(key) for key in policies},
        unusable={key: unusable(key) for key in wrong},
    )


def automation(*policies: ObjectKey, path: str = "", name: str = "auto", of: str = "") -> ActiveAutomation:
    return ActiveAutomation(key=key(name, scope=of), path=path, policies=frozenset(policies))


def selection(
    name: ObjectKey,
    tag: str,
    *,
    image: str = "",
    digest: str | None = None,
    reflection: DigestReflection = DigestReflection.NEVER,
    allow_downgrade: bool = False,
    order: TagPolicy | None = None,
) -> Selection:
    return Selection(
        policy=name,
        image=image or f"reg.io/{name.name}",
        tag=Tag(tag),
        order=order or any_version(),
        reflection=reflection,
        digest=Digest(digest) if digest else None,
        allow_downgrade=allow_downgrade,
    )
