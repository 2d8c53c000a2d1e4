"""Which branch a workspace stands for, as real git leaves it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from imgupdate.cli.checkout import base_branch, demand_repository_root, head_commit, repository_root
from imgupdate.errors import UsageError


def git(root: Path, *arguments: str) -> str:
    done = subprocess.run(["git", "-C", str(root), *arguments], check=True, capture_output=True, text=True)
    return done.stdout.strip()


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A repository with one commit on `main`."""
    root = tmp_path / "fleet"
    git(tmp_path, "init", "-q", "-b", "main", str(root))
    (root / "sub").mkdir()
    (root / "sub" / "file").touch()
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", "a commit")
    return root


def test_the_branch_that_is_checked_out_goes_before_that_of_the_workflow(checkout: Path) -> None:
    git(checkout, "switch", "-q", "-c", "release/1.x")

    assert base_branch(checkout, {"GITHUB_REF": "refs/heads/main"}) == "release/1.x"
    assert base_branch(checkout / "sub", {}) == "release/1.x"


def test_a_worktree_stands_for_its_own_branch(checkout: Path, tmp_path: Path) -> None:
    git(checkout, "worktree", "add", "-q", "-b", "other", str(tmp_path / "tree"))

    assert base_branch(tmp_path / "tree", {}) == "other"
    assert repository_root(tmp_path / "tree") == tmp_path / "tree"


def test_a_commit_that_is_checked_out_stands_for_the_branch_of_the_workflow_if_it_is_its_commit(checkout: Path) -> None:
    commit = git(checkout, "rev-parse", "HEAD")
    git(checkout, "checkout", "-q", "--detach")

    assert base_branch(checkout, {"GITHUB_REF": "refs/heads/main", "GITHUB_SHA": commit}) == "main"
    for ref, sha in [("refs/heads/main", "0" * 40), ("refs/heads/main", ""), ("refs/tags/v1", commit), ("", commit)]:
        with pytest.raises(UsageError):
            base_branch(checkout, {"GITHUB_REF": ref, "GITHUB_SHA": sha})


def test_without_a_repository_the_branch_of_the_workflow_counts(tmp_path: Path) -> None:
    assert base_branch(tmp_path, {"GITHUB_REF": "refs/heads/a/b"}) == "a/b"


@pytest.mark.parametrize(
    ("ref", "said"),
    [
        ("refs/tags/v1\n", "the workflow runs for 'refs/tags/v1\\n', so that there is no branch"),
        ("", "no branch is checked out, so that there is no branch"),
    ],
)
def test_where_there_is_no_branch_it_says_what_to_do(tmp_path: Path, ref: str, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        base_branch(tmp_path, {"GITHUB_REF": ref})

    assert caught.value.message.startswith(said)
    assert "`base`" in caught.value.remedy


def test_the_commit_that_is_checked_out_is_known(checkout: Path) -> None:
    commit = git(checkout, "rev-parse", "HEAD")

    assert head_commit(checkout) == head_commit(checkout / "sub") == commit
    git(checkout, "checkout", "-q", "--detach")
    assert head_commit(checkout) == commit


@pytest.mark.parametrize(
    "head", ["ref: refs/heads/../../../secret", "ref: refs/heads/a\0b", "nonsense", "", "f" * 9000]
)
def test_a_head_that_makes_no_sense_is_none(tmp_path: Path, head: str) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "HEAD").write_text(head)

    assert head_commit(tmp_path) == ""


def test_a_folder_without_a_repository_has_neither(tmp_path: Path) -> None:
    assert repository_root(tmp_path) is None
    assert head_commit(tmp_path) == ""


def test_only_a_whole_repository_can_be_published(checkout: Path, tmp_path: Path) -> None:
    demand_repository_root(checkout)
    demand_repository_root(tmp_path)
    with pytest.raises(UsageError, match="a folder within a repository"):
        demand_repository_root(checkout / "sub")


def test_a_head_does_not_lead_to_files_that_are_no_branches(tmp_path: Path) -> None:
    (tmp_path / ".git" / "refs" / "heads").mkdir(parents=True)
    (tmp_path / ".git" / "HEAD").write_text("ref: refs/heads/../../../secret")
    (tmp_path / "secret").write_text("0" * 40)

    assert head_commit(tmp_path) == ""
