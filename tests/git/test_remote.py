"""The whole of the adapter as publishing sees it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from imgupdate.config.model import GitRef
from imgupdate.errors import PublishError
from imgupdate.git.access import Connection
from imgupdate.git.remote import GitRemote
from imgupdate.publish.ports import CommitTree, Remote
from imgupdate.remote import CommitDraft, CommitId, Push
from tests.git.support import LOCAL, TOKEN, Hosted, commit_on, git, search_path

pytestmark = pytest.mark.needs_program("git")


def as_remote(remote: GitRemote) -> Remote:
    """The type checker says whether the shape fits."""
    return remote


def test_the_adapter_has_the_shape_that_publishing_needs(hosted: Hosted) -> None:
    remote = as_remote(hosted.remote())
    base = remote.resolve(GitRef(branch="main"))
    tree: CommitTree = remote.tree(base)

    assert (remote.default_branch(), remote.head("main")) == ("main", base)
    assert tree.list("", TOKEN) == ("app.yaml",)
    assert remote.write_tree(tree.id, []) == tree.id


@pytest.mark.parametrize("branch", ["x'y\"z$(w);&|", "ümläut/ß", "a@b", "+plus", "imgupdate/main--podinfo", "HEAD"])
def test_a_branch_with_an_odd_name_is_made_moved_and_deleted(hosted: Hosted, branch: str) -> None:
    remote, base = hosted.remote(), CommitId(hosted.at("main"))
    first = commit_on(remote, base)
    second = commit_on(remote, first.id, after="other\n")

    remote.push(Push(branch=branch, commit=first.id, expected=None))
    remote.push(Push(branch=branch, commit=second.id, expected=first.id))

    assert remote.head(branch) == second.id
    remote.delete(branch, second.id)
    assert remote.head(branch) is None
    assert hosted.at("main") == base


@pytest.mark.parametrize("branch", ["--mirror", "-d", "a:b", "a b", "", "x^{}"])
def test_a_branch_that_is_none_is_neither_pushed_nor_deleted(hosted: Hosted, branch: str) -> None:
    remote, base = hosted.remote(), CommitId(hosted.at("main"))
    made = commit_on(remote, base)

    with pytest.raises(PublishError, match="not a name that Git has"):
        remote.push(Push(branch=branch, commit=made.id, expected=None))
    with pytest.raises(PublishError, match="not a name that Git has"):
        remote.delete(branch, base)


def test_two_adapters_share_a_scratch_and_nothing_else(hosted: Hosted) -> None:
    one, other = hosted.remote(), hosted.remote()
    made = commit_on(one, CommitId(hosted.at("main")))

    with pytest.raises(PublishError):
        other.tree(made.id)

    assert len(list(hosted.scratch.iterdir())) == 2


def test_nothing_is_run_before_something_is_asked(hosted: Hosted, tmp_path: Path) -> None:
    remote = hosted.remote(path=str(tmp_path))

    with pytest.raises(PublishError, match="the program git is needed"):
        remote.default_branch()


def test_a_scratch_that_is_not_there_is_an_error_of_ours(hosted: Hosted, tmp_path: Path) -> None:
    with pytest.raises(PublishError, match="a temporary file cannot be made"):
        GitRemote(str(hosted.bare), scratch=tmp_path / "nowhere", search_path=search_path(), connection=LOCAL)


def test_a_scratch_that_goes_away_is_an_error_of_ours(hosted: Hosted) -> None:
    remote = hosted.remote()
    tree = remote.tree(CommitId(hosted.at("main")))
    for folder in hosted.scratch.glob("*/objects.git"):
        folder.rename(folder.with_name("gone"))

    with pytest.raises(PublishError, match="a temporary file cannot be made"):
        remote.commit(CommitDraft(tree=tree.id, parent=CommitId(hosted.at("main")), message="m"))
    with pytest.raises(PublishError):
        tree.read("notes.txt")


def test_a_remote_that_is_not_there_is_an_error(hosted: Hosted, tmp_path: Path) -> None:
    remote = GitRemote(
        str(tmp_path / "nowhere.git"), scratch=hosted.scratch, search_path=search_path(), connection=LOCAL
    )

    with pytest.raises(PublishError, match="there is no such repository"):
        remote.default_branch()


def test_an_empty_repository_has_no_branch_at_all(hosted: Hosted) -> None:
    git(hosted.bare, "update-ref", "-d", "refs/heads/main")
    remote = hosted.remote()

    assert remote.head("main") is None
    with pytest.raises(PublishError, match="names no default branch"):
        remote.default_branch()
    with pytest.raises(PublishError, match="has no branch 'main'"):
        remote.resolve(GitRef(branch="main"))


def test_a_directory_of_this_machine_has_to_be_asked_for(hosted: Hosted) -> None:
    with pytest.raises(PublishError, match="is not one that we go to"):
        hosted.remote(Connection())


def test_files_are_made_for_their_owner_alone_whatever_the_umask_is(hosted: Hosted) -> None:
    before = os.umask(0)
    try:
        hosted.remote().tree(CommitId(hosted.at("main")))
    finally:
        os.umask(before)

    assert [folder.stat().st_mode & 0o777 for folder in hosted.scratch.iterdir()] == [0o700]
