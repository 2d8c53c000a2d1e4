"""Whose commits a branch holds, and what they stand upon."""

from __future__ import annotations

import pytest

from imgupdate.publish.ownership import fork, ground
from imgupdate.publish.trailers import sealed
from imgupdate.remote import BranchCommit, CommitId, Series, TreeId


def series(*commits: str, complete: bool = True) -> Series:
    """Commits written as `id<parent,parent`, ours with a `!` before it, oldest first."""
    found = []
    for text in commits:
        name, _, parents = text.removeprefix("!").partition("<")
        found.append(
            BranchCommit(
                id=CommitId(name),
                tree=TreeId(name),
                parents=tuple(map(CommitId, parents.split(","))),
                message=sealed(name, {}) if text.startswith("!") else name,
            )
        )
    return Series(commits=tuple(found), complete=complete)


@pytest.mark.parametrize(
    ("commits", "expected"),
    [
        ((), None),
        (("!a<base",), "base"),
        (("!a<base", "!b<a"), "base"),
        (("old<base", "!a<old"), "old"),
        (("old<base", "!a<old", "!b<a"), "old"),
        (("!a<base", "theirs<a"), None),
        (("!a<base", "!merge<a,main"), None),
        (("!a<base", "theirs<a", "!b<theirs"), "theirs"),
        (("!side<base", "!a<base"), "base"),
    ],
)
def test_our_last_commits_stand_upon_what_was_the_base_when_they_were_made(
    commits: tuple[str, ...], expected: str | None
) -> None:
    assert ground(series(*commits)) == expected


@pytest.mark.parametrize(
    ("commits", "expected"),
    [
        ((), None),
        (("a<base",), "base"),
        (("a<base", "b<a"), "base"),
        (("a<base", "merge<a,newer"), "newer"),
        (("a<base", "merge<a,newer", "b<merge"), "newer"),
        (("a<base", "side<base", "merge<a,side"), "base"),
    ],
)
def test_a_branch_left_its_base_where_that_was_last_merged_into_it(
    commits: tuple[str, ...], expected: str | None
) -> None:
    assert fork(series(*commits)) == expected


def test_where_there_are_too_many_commits_to_tell_nothing_is_said() -> None:
    assert fork(series("a<base", complete=False)) is None
