"""Branches and tags: where they point, and how a branch is moved without losing what another put there."""

from __future__ import annotations

import re
from typing import NoReturn

from imgupdate.config.model import GitRef
from imgupdate.errors import BranchMoved, PublishError, shown
from imgupdate.github.api import Api, escaped, items, member, object_id, text
from imgupdate.github.failures import Kind, NoUpdateRefs, Refused
from imgupdate.github.objects import is_hash
from imgupdate.remote import CommitId, Push
from imgupdate.versions import parse_range, parse_version

DEFAULT_BRANCH = "master"
LONGEST_NAME = 1024
_TAGS = "refs/tags/"
_NOWHERE = "0" * 40
_MISNAMED = re.compile(r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|//|/\.|\.lock(?:/|\Z)|\.\Z|/\Z|\A/|\A\.")
_PERHAPS_A_RACE = frozenset({409, 422})
_LOST_RACE = "run again; give the workflow a `concurrency` group, so that runs wait for each other"


class Refs:
    """The refs of one repository."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._repository: object = None
        self._seen = False

    def default_branch(self) -> str:
        """The name of the branch that the repository's HEAD names."""
        return text(self._about(), "default_branch")

    def head(self, branch: str) -> CommitId | None:
        """The commit that a branch points to, asked anew each time; None where there is no such branch.

        Raises:
            PublishError: the repository is not there, or not for this token.

        """
        found = self._object(f"heads/{_checked(branch)}", f"read the branch {shown(branch)}")
        if found is None:
            self._seen = self._seen or bool(self._about())
            return None
        self._seen = True
        return CommitId(object_id(found, "sha"))

    def resolve(self, ref: GitRef) -> CommitId:
        """The commit that a reference names: commit > name > tag > semver > branch (spec/flux.md 6.2).

        Raises:
            PublishError: it names none.

        """
        if ref.commit:
            return self._commit(_checked(ref.commit), f"the commit {shown(ref.commit)}")
        if ref.name:
            return self._named(_checked(ref.name))
        if ref.tag:
            return self._tag(_checked(ref.tag))
        if ref.semver:
            return self._newest(ref.semver)
        branch = ref.branch or DEFAULT_BRANCH
        head = self.head(branch)
        if head is None:
            raise _missing(f"the branch {shown(branch)}")
        return head

    def push(self, push: Push) -> None:
        """Move or make a branch.

        A forced move goes from the expected commit and no other, in one step of GitHub's. One that is not forced goes
        to a descendant of wherever the branch is: that somebody set it back to an ancestor of the expected commit
        meanwhile is the one thing that this does not notice.

        Raises:
            BranchMoved: the branch is not where it was expected.
            NoUpdateRefs: a move has to be forced, and the server cannot do that safely.

        """
        branch = _checked(push.branch)
        if push.refspec or push.options:
            raise PublishError(
                "a refspec and push options cannot be had through the API",
                remedy="an automation with `git.push.refspec` or `git.push.options` goes through the git program",
            )
        if push.expected is None:
            self._create(branch, push.commit)
        elif push.commit == push.expected:
            if self.head(branch) != push.expected:
                self._moved(branch)
        elif push.force:
            self._swap(branch, push.expected, push.commit)
        else:
            self._advance(branch, push.expected, push.commit)

    def delete(self, branch: str, expected: CommitId) -> None:
        """Delete a branch; that it is gone already is no failure.

        Raises:
            BranchMoved: it points elsewhere.
            NoUpdateRefs: the server cannot do that safely.

        """
        self._swap(_checked(branch), expected, None)

    def _create(self, branch: str, commit: CommitId) -> None:
        given = {"ref": f"refs/heads/{branch}", "sha": commit}
        try:
            self._api.send("POST", "git/refs", f"make the branch {shown(branch)}", given)
        except Refused as refused:
            if refused.kind is not Kind.EXISTS:
                raise
            # It may be there through an earlier try of ours, whose answer did not reach us.
            if self.head(branch) != commit:
                self._moved(branch, refused)

    def _advance(self, branch: str, expected: CommitId, commit: CommitId) -> None:
        def effect() -> object:
            return self._arrived(branch, expected, commit)

        what = f"move the branch {shown(branch)}"
        given = {"sha": commit, "force": False}
        try:
            self._api.send("PATCH", f"git/refs/heads/{escaped(branch)}", what, given, effect=effect)
        except Refused as refused:
            if refused.kind in {Kind.NOT_FAST_FORWARD, Kind.NO_SUCH_REF}:
                self._moved(branch, refused)
            if refused.status not in _PERHAPS_A_RACE or self._arrived(branch, expected, commit) is None:
                raise

    def _swap(self, branch: str, expected: CommitId, commit: CommitId | None) -> None:
        def effect() -> object:
            return self._arrived(branch, expected, commit)

        what = f"{'delete' if commit is None else 'move'} the branch {shown(branch)}"
        # `force` lets it go to a commit that does not descend; from where it goes is held by `beforeOid` all the same.
        update = {
            "name": f"refs/heads/{branch}",
            "beforeOid": expected,
            "afterOid": commit or _NOWHERE,
            "force": True,
        }
        given = {"repositoryId": text(self._about(), "node_id"), "refUpdates": [update]}
        try:
            self._api.mutate("updateRefs", given, what, returning="clientMutationId", effect=effect)
        except Refused as refused:
            if refused.kind is Kind.NO_SUCH_FIELD:
                raise NoUpdateRefs(
                    f"GitHub does not let us {what}: this server has no `updateRefs`, without which a commit that "
                    "somebody pushes at the same time could be lost",
                    remedy="use GitHub Enterprise Server 3.13 or newer, or delete the branch by hand and run again",
                ) from refused
            if refused.status not in _PERHAPS_A_RACE or self._arrived(branch, expected, commit) is None:
                raise

    def _arrived(self, branch: str, expected: CommitId, commit: CommitId | None) -> object:
        """None where a branch is still where it was, something true where it is where it should be.

        Raises:
            BranchMoved: it is somewhere else.

        """
        head = self.head(branch)
        if head == commit:
            return True
        if head != expected:
            self._moved(branch)
        return None

    @staticmethod
    def _moved(branch: str, cause: Refused | None = None) -> NoReturn:
        raise BranchMoved(f"the branch {shown(branch)} has been changed by somebody else", remedy=_LOST_RACE) from cause

    def _about(self) -> object:
        if self._repository is None:
            self._repository = self._api.get("", "see the repository")
        return self._repository

    def _object(self, ref: str, what: str) -> object:
        """What a ref points to, by its full name without `refs/`; None where there is no such ref."""
        try:
            return member(self._api.get(f"git/ref/{escaped(ref)}", what), "object")
        except Refused as refused:
            if refused.kind is Kind.NOT_FOUND:
                return None
            raise

    def _commit(self, name: str, what: str) -> CommitId:
        """The commit that a name of any kind leads to."""
        return CommitId(text(self._details(name, what), "sha"))

    def _details(self, name: str, what: str) -> object:
        try:
            return self._api.get(f"commits/{escaped(name)}", f"find {what}", per_page=1)
        except Refused as refused:
            if refused.kind is Kind.NOT_FOUND or refused.status == 422:
                raise _missing(what) from refused
            raise

    def _named(self, name: str) -> CommitId:
        if name.startswith("refs/heads/"):
            return self.resolve(GitRef(branch=name.removeprefix("refs/heads/")))
        if name.startswith(_TAGS):
            return self._tag(name.removeprefix(_TAGS))
        what = f"the ref {shown(name)}"
        if not name.startswith("refs/"):
            return self._commit(name, what)
        return self._of_ref(name.removeprefix("refs/"), what)

    def _tag(self, tag: str) -> CommitId:
        tag = tag.removesuffix("^{}")
        return self._of_ref(f"tags/{tag}", f"the tag {shown(tag)}")

    def _of_ref(self, ref: str, what: str) -> CommitId:
        found = self._object(ref, f"find {what}")
        if found is None:
            raise _missing(what)
        return self._peeled(ref, found, what)

    def _peeled(self, ref: str, found: object, what: str) -> CommitId:
        """The commit of what a ref points to; that may be a tag with a message of its own."""
        return CommitId(object_id(found, "sha")) if member(found, "type") == "commit" else self._commit(ref, what)

    def _newest(self, semver: str) -> CommitId:
        """The commit of the highest version in a range; of several that rank alike, the newest commit."""
        wanted = parse_range(semver)
        what = f"a tag in the range {shown(semver)}"
        listed = items(self._api.get("git/matching-refs/tags/", f"find {what}"))
        tags = {text(ref, "ref").removeprefix(_TAGS): member(ref, "object") for ref in listed}
        best = wanted.newest(tags)
        version = parse_version(best) if best is not None else None
        if version is None:
            raise _missing(what)
        alike = [tag for tag in tags if parse_version(tag) == version]
        if len(alike) == 1:
            return self._peeled(f"tags/{alike[0]}", tags[alike[0]], what)
        found = [self._details(f"tags/{tag}", f"the tag {shown(tag)}") for tag in alike]
        newest = max(found, key=lambda commit: (text(commit, "commit", "committer", "date"), object_id(commit, "sha")))
        return CommitId(object_id(newest, "sha"))


def _checked(name: str) -> str:
    """A name that may be put into an address.

    Raises:
        PublishError: Git has no refs of that name.

    """
    plain = name.removesuffix("^{}")
    if not plain or plain == "@" or len(plain) > LONGEST_NAME or (_MISNAMED.search(plain) and not is_hash(plain)):
        raise PublishError(f"{shown(name)} is no name of a branch or tag", remedy="correct it in the configuration")
    return name


def _missing(what: str) -> PublishError:
    return PublishError(f"{what} does not exist in the repository", remedy="correct the reference, or push it first")
