"""Which branch a workspace stands for."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path

from imgupdate.config.git_urls import same_repository
from imgupdate.errors import UsageError, shown
from imgupdate.git import remote_urls

_HEADS = "refs/heads/"
_LONGEST = 4096
_OWNER_AND_NAME = re.compile(r"[:/]([A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+?)(?:\.git)?/?$")
_COMMIT = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?")


def base_branch(root: Path, environment: Mapping[str, str]) -> str:
    """The branch that is checked out, else the one that the workflow runs for.

    The checkout goes first, since a workflow that runs for one branch may check out another. Where it is of a commit
    and not of a branch, the workflow's branch counts if that is its commit.

    Raises:
        UsageError: there is none: a tag, a pull request, or some commit is checked out.

    """
    ref = environment.get("GITHUB_REF", "")
    head = _head(root)
    if head.startswith(_HEADS):
        return head.removeprefix(_HEADS)
    if ref.startswith(_HEADS) and (not head or head == environment.get("GITHUB_SHA")):
        return ref.removeprefix(_HEADS)
    what = f"the workflow runs for {shown(ref)}" if ref and not ref.startswith(_HEADS) else "no branch is checked out"
    raise UsageError(
        f"{what}, so that there is no branch to publish to",
        remedy="name it with `base`, or check out a branch (`ref` of actions/checkout)",
    )


def demand_repository_root(root: Path) -> None:
    """Commits are made for whole repositories: a folder within one cannot be published by itself.

    Raises:
        UsageError: the folder is not the root of the repository that holds it.

    """
    repository = repository_root(root)
    if repository not in (None, root.resolve()):
        raise UsageError(
            f"the path is a folder within a repository, not its root {shown(str(repository))}",
            remedy="name the root as `path`, and confine the run by `config` or by the `update.path` of the automation",
        )


def repositories_at(server: str, root: Path, environment: Mapping[str, str]) -> tuple[str, ...]:
    """The repositories on a server that the Git remotes name, each as `owner/name`."""
    urls = remote_urls(root, search_path=environment.get("PATH", os.defpath))
    named = ((url, found[1]) for url in urls if (found := _OWNER_AND_NAME.search(url)))
    return tuple(name for url, name in named if same_repository(url, f"{server}/{name}"))


def demand_repository(repository: str, server: str, root: Path, environment: Mapping[str, str]) -> None:
    """What is planned for a repository is read from a checkout of it, and not of another one.

    Raises:
        UsageError: the Git remotes name others on that server, and not this one.

    """
    there = repositories_at(server, root, environment)
    if there and repository.lower() not in {name.lower() for name in there}:
        raise UsageError(
            f"{shown(there[0])} is checked out, and the workflow is of {shown(repository)}, where it would publish",
            remedy="run it in a workflow of the repository that is to be changed; others start that one by "
            "`repository_dispatch`",
        )


def repository_root(root: Path) -> Path | None:
    """The folder of the repository that holds a directory, None where there is none."""
    start = root.resolve()
    return next((up for up in (start, *start.parents) if (up / ".git").exists()), None)


def head_commit(root: Path) -> str:
    """The commit that is checked out, empty where that is not plain to see."""
    head = _head(root)
    if head.startswith(_HEADS) and ".." not in head:
        head = _text(_git_folder(root) / head)
    return head if _COMMIT.fullmatch(head) else ""


def _head(root: Path) -> str:
    """What HEAD says of the repository that holds a directory, `refs/heads/…` or a commit, else nothing."""
    text = _text(_git_folder(root) / "HEAD")
    if _COMMIT.fullmatch(text):
        return text
    return text.removeprefix("ref:").strip() if text.startswith("ref:") else ""


def _git_folder(root: Path) -> Path:
    """Git's own folder; that of a worktree is named in a file. One that is not there holds nothing."""
    folder = (repository_root(root) or root) / ".git"
    return folder.parent / _text(folder).removeprefix("gitdir:").strip() if folder.is_file() else folder


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return file.read(_LONGEST).decode(errors="replace").strip()
    except (OSError, ValueError):
        return ""
