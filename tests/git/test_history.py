"""The commits that a branch has and its base has not, and what each changed."""

from __future__ import annotations

import pytest

from imgupdate.errors import PublishError
from imgupdate.git import history
from imgupdate.git.history import History
from imgupdate.remote import CommitId, Push
from tests.git.support import MARKED, Hosted, commit_on, git

pytestmark = pytest.mark.needs_program("git")


def grow(hosted: Hosted, ref: str, parent: str, number: int) -> CommitId:
    """Many commits on a ref, without ado."""
    stream = "".join(
        f"commit {ref}\ncommitter {ref} <a@example.com> {1_700_000_000 + index} +0000\ndata 1\n{index % 10}\n"
        + (f"from {parent}\n" if not index and parent else "")
        for index in range(number)
    )
    git(hosted.bare, "fast-import", "--quiet", "--force", given=stream.encode())
    return CommitId(hosted.at(ref))


def test_the_series_is_told_from_the_oldest_on(hosted: Hosted) -> None:
    base = CommitId(hosted.at("main"))
    messages = ["one\n\nTrailer: x", "two", "three\n"]
    commits = [hosted.save(message, branch="topic") for message in messages]

    series = hosted.remote().series(base, commits[-1])

    assert series.complete
    assert [commit.id for commit in series.commits] == commits
    assert [commit.parents for commit in series.commits] == [(base,), (commits[0],), (commits[1],)]
    assert [commit.message for commit in series.commits] == ["one\n\nTrailer: x\n", "two\n", "three\n"]
    assert {commit.tree for commit in series.commits} == {hosted.at("main^{tree}")}


def test_commits_of_the_base_since_are_not_in_the_series(hosted: Hosted) -> None:
    own = hosted.save("own", branch="topic")
    git(hosted.clone, "reset", "--quiet", "--hard", "HEAD~")
    base = hosted.save("on main")

    assert [commit.id for commit in hosted.remote().series(base, own).commits] == [own]


@pytest.mark.parametrize("ahead", [0, 1])
def test_a_branch_that_the_base_holds_has_no_series(hosted: Hosted, ahead: int) -> None:
    head = CommitId(hosted.at("main"))
    base = hosted.save("ahead") if ahead else head

    series = hosted.remote().series(base, head)

    assert series.commits == ()
    assert series.complete


def test_a_merge_has_both_its_parents(hosted: Hosted) -> None:
    base = CommitId(hosted.at("main"))
    own = hosted.save("own", branch="topic")
    git(hosted.clone, "checkout", "--quiet", "-b", "side", base)
    side = hosted.save("side", branch="side")
    git(hosted.clone, "merge", "--quiet", "--no-ff", "--no-edit", own)
    merge = hosted.save("after", branch="topic")

    series = hosted.remote().series(base, merge)

    assert {parents for commit in series.commits for parents in [commit.parents] if len(parents) == 2} == {(side, own)}
    assert len(series.commits) == 4


def test_unrelated_histories_are_told_whole(hosted: Hosted) -> None:
    other = grow(hosted, "refs/heads/other", "", 3)

    series = hosted.remote().series(CommitId(hosted.at("main")), other)

    assert len(series.commits) == 3
    assert series.complete


def test_a_series_beyond_the_bound_is_not_complete(hosted: Hosted) -> None:
    base = CommitId(hosted.at("main"))
    head = grow(hosted, "refs/heads/long", base, history.LONGEST_SERIES + 1)

    series = hosted.remote().series(base, head)

    assert not series.complete
    assert len(series.commits) == history.LONGEST_SERIES
    assert series.commits[-1].id == head
    assert hosted.remote().series(base, CommitId(hosted.at("long~1"))).complete


def test_a_branch_that_lags_far_behind_is_fetched_as_deep_as_it_takes(hosted: Hosted) -> None:
    fork = grow(hosted, "refs/heads/main", "", 400)
    base = grow(hosted, "refs/heads/main", fork, 400)
    head = grow(hosted, "refs/heads/topic", fork, 2)
    remote = hosted.remote()

    series = remote.series(base, head)

    assert [commit.id for commit in series.commits] == [hosted.at("topic~1"), head]
    assert series.complete


def test_a_fork_that_is_too_far_back_leaves_the_series_incomplete(hosted: Hosted) -> None:
    fork = grow(hosted, "refs/heads/main", "", 20)
    base = grow(hosted, "refs/heads/main", fork, 20)
    head = grow(hosted, "refs/heads/topic", fork, 2)
    remote = hosted.remote()

    near = History(remote._history._repository, depths=(2, 4))
    far = History(remote._history._repository, depths=(2, 4, 30))

    assert not near.series(base, head).complete
    assert not near.descends(base, fork)
    assert far.series(base, head).complete
    assert far.descends(base, fork)
    assert not far.descends(fork, base)
    assert not far.descends(head, base)


def test_a_series_without_filters_on_the_server_is_the_same(hosted: Hosted) -> None:
    base = CommitId(hosted.at("main"))
    head = hosted.save("own", branch="topic")
    git(hosted.bare, "config", "uploadpack.allowFilter", "true")
    with_filter = hosted.remote().series(base, head)
    git(hosted.bare, "config", "uploadpack.allowFilter", "false")

    assert hosted.remote().series(base, head) == with_filter
    assert len(with_filter.commits) == 1


def test_commits_that_were_made_and_not_pushed_are_in_the_series(hosted: Hosted) -> None:
    base = CommitId(hosted.at("main"))
    theirs = hosted.save("theirs", branch="topic")
    remote = hosted.remote()
    first = commit_on(remote, theirs, message="ours")
    second = commit_on(remote, first.id, after=MARKED, message="ours too")

    assert [commit.id for commit in remote.series(base, second.id).commits] == [theirs, first.id, second.id]
    assert [commit.id for commit in remote.series(theirs, second.id).commits] == [first.id, second.id]
    assert [commit.id for commit in remote.series(first.id, second.id).commits] == [second.id]


def test_a_commit_that_only_modified_files_is_told_by_them(hosted: Hosted) -> None:
    hosted.write({"a/b.yaml": "old\n"})
    hosted.save("second")
    hosted.write({"a/b.yaml": "new\n", "app.yaml": "other\n"})
    commit = hosted.save("third")

    assert hosted.remote().changed(commit) == {
        "a/b.yaml": hosted.at(f"{commit}:a/b.yaml"),
        "app.yaml": hosted.at(f"{commit}:app.yaml"),
    }


def test_a_commit_without_changes_modified_nothing(hosted: Hosted) -> None:
    assert hosted.remote().changed(hosted.save("empty")) == {}


@pytest.mark.parametrize("deed", ["add", "remove", "rename", "mode", "link", "submodule", "merge", "root"])
def test_a_commit_that_did_something_else_is_not_told(hosted: Hosted, deed: str) -> None:
    (hosted.clone / "link.yaml").symlink_to("app.yaml")
    (hosted.clone / "sub").mkdir()
    git(hosted.clone, "update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},sub")
    git(hosted.clone, "commit", "--quiet", "-m", "a submodule")
    hosted.save("before")
    if deed == "root":
        commit = grow(hosted, "refs/heads/root", "", 1)
    elif deed == "merge":
        git(hosted.clone, "checkout", "--quiet", "--detach")
        hosted.save("side", branch="side")
        git(hosted.clone, "checkout", "--quiet", "main")
        git(hosted.clone, "merge", "--quiet", "--no-ff", "--no-edit", hosted.at("side"))
        commit = CommitId(git(hosted.clone, "rev-parse", "HEAD"))
        git(hosted.clone, "push", "--quiet", "origin", "HEAD:refs/heads/main")
    elif deed == "submodule":
        git(hosted.clone, "update-index", "--cacheinfo", f"160000,{'2' * 40},sub")
        git(hosted.clone, "commit", "--quiet", "-m", "moved")
        git(hosted.clone, "push", "--quiet", "origin", "HEAD:refs/heads/main")
        commit = CommitId(hosted.at("main"))
    else:
        app, link = hosted.clone / "app.yaml", hosted.clone / "link.yaml"
        if deed == "add":
            hosted.write({"new.yaml": MARKED})
        elif deed == "remove":
            app.unlink()
        elif deed == "rename":
            app.rename(hosted.clone / "renamed.yaml")
        elif deed == "mode":
            app.chmod(0o755)
        else:
            link.unlink()
            link.symlink_to("notes.txt")
        commit = hosted.save(deed)

    assert hosted.remote().changed(commit) is None


def test_a_commit_of_ours_is_told_before_it_is_pushed(hosted: Hosted) -> None:
    remote = hosted.remote()
    made = commit_on(remote, CommitId(hosted.at("main")))

    changed = remote.changed(made.id)

    assert changed is not None
    assert list(changed) == ["app.yaml"]


def test_a_commit_that_is_nowhere_is_an_error(hosted: Hosted) -> None:
    with pytest.raises(PublishError, match="the remote repository has no commit 1"):
        hosted.remote().changed(CommitId("1" * 40))


def test_a_descendant_far_ahead_is_one(hosted: Hosted) -> None:
    base = CommitId(hosted.at("main"))
    head = grow(hosted, "refs/heads/long", base, 300)
    remote = hosted.remote()

    remote.push(Push(branch="main", commit=head, expected=base))

    assert hosted.at("main") == head
