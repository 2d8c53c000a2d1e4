"""The names that a remote repository has for commits, and which commit a reference of Flux means."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from imgupdate.config.model import GitRef
from imgupdate.errors import InvalidRange, PublishError, shown
from imgupdate.git.environment import REMOTE
from imgupdate.git.objects import Repository, is_id
from imgupdate.remote import CommitId
from imgupdate.versions import Version, parse_range, parse_version

HEADS = "refs/heads/"
TAGS = "refs/tags/"
DEFAULT_BRANCH = "master"
_PEELED = "^{}"
_LONGEST = 1024
_BAD = re.compile(r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|//|/\.|^[./-]|\.lock(?:/|$)|[./]$|^@$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """Refs by full name, annotated tags also with `^{}` for what they point to; `head` is the ref that HEAD names."""

    refs: Mapping[str, str] = field(default_factory=dict)
    head: str = ""

    def commit(self, name: str) -> str | None:
        """What a ref leads to: through an annotated tag to what it is on."""
        return self.refs.get(name + _PEELED) or self.refs.get(name)


def checked_name(name: str) -> str:
    """A name that git takes for a branch, tag or ref, and that no command takes for an option.

    Raises:
        PublishError: it is not one.

    """
    if not name or len(name) > _LONGEST or _BAD.search(name) or not name.isprintable():
        raise PublishError(f"not a name that Git has for a branch or tag: {shown(name)}", remedy="correct the name")
    return name


class Refs:
    """Asks the remote repository for its refs, anew each time."""

    def __init__(self, repository: Repository) -> None:
        self._repository = repository

    def ask(self, *names: str) -> Listing:
        """The refs of exactly these full names, or that a `*` at the end of one stands for.

        Raises:
            PublishError: the remote repository cannot be asked.

        """
        finished = self._repository.remote("ls-remote", "--quiet", "--symref", REMOTE, *names)
        if finished.status:
            raise self._repository.words.failure("asking the remote repository", finished)
        refs: dict[str, str] = {}
        head = ""
        for line in finished.output.decode(errors="surrogateescape").splitlines():
            value, _, name = line.partition("\t")
            if value.startswith("ref: "):
                head = value.removeprefix("ref: ") if name == "HEAD" else head
            elif is_id(value) and any(_means(pattern, name) for pattern in names):
                refs[name] = value
        return Listing(refs=refs, head=head)

    def default_branch(self) -> str:
        """The branch that HEAD names."""
        head = self.ask("HEAD").head
        if not head.startswith(HEADS):
            raise PublishError("the remote repository names no default branch", remedy="say which branch to check out")
        return checked_name(head.removeprefix(HEADS))

    def branch(self, name: str) -> CommitId | None:
        """Where a branch points to."""
        full = HEADS + checked_name(name)
        found = self.ask(full).refs.get(full)
        return CommitId(found) if found else None

    def resolve(self, ref: GitRef) -> CommitId:
        """The commit that a reference means (spec/flux.md 6.2).

        Raises:
            PublishError: there is none.

        """
        if ref.commit:
            return self._known(ref.commit.lower(), "commit", ref.commit)
        if ref.name:
            return self._named(ref.name.removesuffix(_PEELED), "ref")
        if ref.tag:
            return self._named(TAGS + ref.tag, "tag")
        if ref.semver:
            return self._newest(ref.semver)
        return self._named(HEADS + (ref.branch or DEFAULT_BRANCH), "branch")

    def _named(self, name: str, kind: str) -> CommitId:
        short = name.removeprefix(HEADS).removeprefix(TAGS) if kind != "ref" else name
        checked_name(short)
        found = self.ask(name, name + _PEELED).commit(name)
        if found is None:
            raise PublishError(f"the remote repository has no {kind} {shown(short)}", remedy="correct the name")
        return CommitId(found) if name.startswith(HEADS) else self._known(found, kind, short)

    def _known(self, id_: str, kind: str, name: str) -> CommitId:
        """A commit that is fetched, and that is none but a commit."""
        if not is_id(id_):
            raise PublishError(f"not the whole hash of a commit: {shown(name)}", remedy="write all of its digits")
        if self._repository.missing([id_]):
            self._repository.fetch([id_])
        if self._repository.local("cat-file", "-t", id_).strip() != b"commit":
            raise PublishError(f"the {kind} {shown(name)} is on no commit", remedy="name another")
        return CommitId(id_)

    def _newest(self, text: str) -> CommitId:
        """The commit of the highest tag that a range admits; of equal ones, that whose commit is newest."""
        try:
            admitted = parse_range(text)
        except InvalidRange as error:
            raise PublishError(f"`semver` of the reference is no range: {error}", remedy="correct it") from error
        listing = self.ask(TAGS + "*")
        versions: dict[str, Version] = {}
        for name in listing.refs:
            version = parse_version(name.removeprefix(TAGS)) if not name.endswith(_PEELED) else None
            if version is not None and admitted.admits(version):
                versions[name] = version
        if not versions:
            raise PublishError(f"no tag of the remote repository is in the range {shown(text)}", remedy="widen it")
        highest = max(versions.values())
        tied = sorted(name for name, version in versions.items() if version == highest)
        commits = {name: self._known(listing.commit(name) or "", "tag", name) for name in tied}
        made = {id_: commit.committed for id_, commit in self._repository.commits([*commits.values()]).items()}
        return max(commits.items(), key=lambda item: (made[item[1]], item[0]))[1]


def _means(pattern: str, name: str) -> bool:
    return name.startswith(pattern[:-1]) if pattern.endswith("*") else name == pattern
