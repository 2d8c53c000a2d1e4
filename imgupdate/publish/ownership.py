"""Whose commits a branch holds, and what they stand upon (design, section 6)."""

from __future__ import annotations

from imgupdate.publish.ports import Remote
from imgupdate.publish.trailers import is_intact, is_sealed
from imgupdate.remote import CommitId, Series


def is_ours(remote: Remote, series: Series) -> bool:
    """Whether every commit that a branch has is one that we made and nobody changed."""
    if not series.complete or not all(
        len(commit.parents) == 1 and is_sealed(commit.message) for commit in series.commits
    ):
        return False
    return all(
        (blobs := remote.changed(commit.id)) is not None and is_intact(commit.message, blobs)
        for commit in series.commits
    )


def ground(series: Series) -> CommitId | None:
    """The commit that our last commits stand upon: the base as they were made, though it may have been reset since."""
    found: CommitId | None = None
    for commit in reversed(series.commits):
        if len(commit.parents) != 1 or not is_sealed(commit.message) or found not in {None, commit.id}:
            break
        (found,) = commit.parents
    return found


def fork(series: Series) -> CommitId | None:
    """The last commit that a branch shares with its base; None where it has none of its own, or too many to tell."""
    if not series.complete:
        return None
    own = {commit.id for commit in series.commits}
    shared = (parent for commit in reversed(series.commits) for parent in commit.parents if parent not in own)
    return next(shared, None)
