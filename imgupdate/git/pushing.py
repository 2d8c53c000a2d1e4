"""Moving branches of the remote repository, each only from where it was seen."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import NoReturn

from imgupdate.errors import BranchMoved, PublishError, shown
from imgupdate.git.environment import REMOTE
from imgupdate.git.objects import Repository
from imgupdate.git.programs import Finished
from imgupdate.git.refs import HEADS, checked_name
from imgupdate.remote import CommitId, Push

_LONGEST_REFSPEC = 1024
_REFSPEC = re.compile(r"\+?(?:[^\s:+^-][^\s:]*)?(?::[^\s:+^-][^\s:]*)?")
_REJECTED = re.compile(rb"^!\t[^\t]*\t(.*)$", re.MULTILINE)
_MOVED = re.compile(
    rb"stale info|fetch first|non-fast-forward|already exists|cannot lock ref|failed to update ref|"
    rb"incorrect old value|remote ref updated since checkout|is at [0-9a-f]+ but expected|failed to lock"
)
_AGAIN = "see who else pushes to it, and run again"


class Pusher:
    """Pushes from our bare repository; `local` are the branches and tags that a refspec may speak of."""

    def __init__(self, repository: Repository, local: Mapping[str, str]) -> None:
        self._repository = repository
        self._local = local

    def push(self, push: Push) -> None:
        """Move or make a branch, and then push the refspec, if there is one.

        Raises:
            BranchMoved: the branch is not where it was expected.
            PublishError: the server refuses, or the branch was pushed and the refspec was not.

        """
        full = HEADS + checked_name(push.branch)
        options = list(_push_options(push.options))
        refspec = _checked_refspec(push.refspec) if push.refspec else ""
        if refspec:
            self._name({**self._local, full: push.commit}, head=full)
        lease = f"--force-with-lease={full}:{push.expected or ''}"
        finished = self._run(*options, lease, REMOTE, f"{push.commit}:{full}")
        if finished.status:
            self._refuse(push.branch, finished)
        if refspec:
            self._second(push, refspec, options)

    def delete(self, branch: str, expected: CommitId) -> None:
        """Delete a branch that is where it is expected.

        Raises:
            BranchMoved: it is elsewhere, or nowhere.

        """
        full = HEADS + checked_name(branch)
        self._repository.make(expected)
        finished = self._run(f"--force-with-lease={full}:{expected}", REMOTE, f":{full}")
        if finished.status:
            self._refuse(branch, finished)

    def _second(self, push: Push, refspec: str, options: list[str]) -> None:
        """Push exactly the refspec (spec/flux.md 6.4).

        As the first push is forced, so may this one be, but only to move what is where the branch was: commits that
        nobody looked at are not lost.
        """
        finished = self._run(*options, REMOTE, refspec)
        target = refspec.partition(":")[2] or refspec.lstrip("+")
        if finished.status and push.force and push.expected and _moved(finished) and target.startswith(HEADS):
            finished = self._run(*options, f"--force-with-lease={target}:{push.expected}", REMOTE, refspec)
        if finished.status:
            what = f"{push.branch} was pushed, but pushing the refspec {shown(refspec)}"
            if _moved(finished):
                raise PublishError(
                    f"{what} failed: its target has commits that the branch has not",
                    remedy="merge or delete the target, or write a `+` before the refspec",
                )
            raise self._repository.words.refusal(what, _reasons(finished))

    def _name(self, refs: Mapping[str, str], *, head: str) -> None:
        """Have branches, tags and HEAD as a clone would have them."""
        if missing := self._repository.missing(list(refs.values())):
            self._repository.fetch(missing)
        for name, commit in refs.items():
            self._repository.local("update-ref", "--no-deref", name, commit)
        self._repository.local("symbolic-ref", "HEAD", head)

    def _run(self, *arguments: str) -> Finished:
        return self._repository.remote("push", "--porcelain", "--no-verify", "--no-signed", *arguments)

    def _refuse(self, branch: str, finished: Finished) -> NoReturn:
        if _moved(finished):
            raise BranchMoved(f"the branch {shown(branch)} was moved meanwhile", remedy=_AGAIN)
        raise self._repository.words.refusal(f"the push to {shown(branch)}", _reasons(finished))


def moved_back(branch: str) -> BranchMoved:
    """The error where a commit does not descend from what the branch has."""
    return BranchMoved(f"the branch {shown(branch)} has commits that would be lost", remedy=_AGAIN)


def _moved(finished: Finished) -> bool:
    return any(_MOVED.search(line) for line in _REJECTED.findall(finished.output))


def _reasons(finished: Finished) -> bytes:
    """What the server said, and last what git makes of it."""
    said = [line for line in finished.errors.splitlines() if not line.startswith((b"error: failed to push", b"hint:"))]
    reasons = [b"exit status %d" % finished.status] if not said else []
    return b"\n".join([*said, *_REJECTED.findall(finished.output), *reasons])


def _push_options(options: Mapping[str, str]) -> Iterator[str]:
    for key, value in sorted(options.items()):
        text = f"{key}={value}"
        if any(character in text for character in "\0\r\n"):
            raise PublishError(f"the push option {shown(key)} holds a line break", remedy="write it on one line")
        yield f"--push-option={text}"


def _checked_refspec(refspec: str) -> str:
    valid = len(refspec) <= _LONGEST_REFSPEC and refspec.isprintable() and _REFSPEC.fullmatch(refspec)
    if not valid or refspec.lstrip("+") in ("", ":"):
        raise PublishError(
            f"`git.push.refspec` is not a refspec: {shown(refspec)}", remedy="write [+]<source>:<target>"
        )
    return refspec
