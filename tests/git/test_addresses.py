"""The addresses of a repository, asked of real git."""

from __future__ import annotations

import os
import stat
import subprocess
from pathlib import Path

import pytest

from imgupdate.git import remote_urls


def git(where: Path, *arguments: str) -> None:
    subprocess.run(["git", "-C", str(where), *arguments], check=True, capture_output=True)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    root = tmp_path / "fleet"
    root.mkdir()
    git(root, "init", "--quiet")
    return root


pytestmark = pytest.mark.needs_program("git")


def test_the_addresses_of_all_remotes_are_found_in_the_order_of_the_file(repository: Path) -> None:
    git(repository, "remote", "add", "origin", "https://github.com/org/fleet")
    git(repository, "remote", "add", "backup", "git@example.com:org/fleet.git")
    git(repository, "remote", "add", "again", "https://github.com/org/fleet")

    assert remote_urls(repository) == ("https://github.com/org/fleet", "git@example.com:org/fleet.git")


def test_a_folder_within_a_repository_belongs_to_it(repository: Path) -> None:
    git(repository, "remote", "add", "origin", "https://github.com/org/fleet")
    (repository / "clusters" / "prod").mkdir(parents=True)

    assert remote_urls(repository / "clusters" / "prod") == ("https://github.com/org/fleet",)


def test_a_linked_worktree_has_the_remotes_of_its_repository(repository: Path, tmp_path: Path) -> None:
    git(repository, "remote", "add", "origin", "https://github.com/org/fleet")
    git(repository, "commit", "--quiet", "--allow-empty", "-m", "first")
    git(repository, "worktree", "add", "--quiet", str(tmp_path / "linked"))

    assert remote_urls(tmp_path / "linked") == ("https://github.com/org/fleet",)


@pytest.mark.parametrize(
    ("configured", "told"),
    [
        ("https://x-access-token:secret@github.com/org/fleet", "https://github.com/org/fleet"),
        ("https://sec@ret@github.com/org/fleet", "https://github.com/org/fleet"),
        ("https://token@github.com:8443/org/fleet", "https://github.com:8443/org/fleet"),
        ("ssh://git@github.com:22/org/fleet", "ssh://git@github.com:22/org/fleet"),
        ("ssh://git:secret@github.com/org/fleet", "ssh://git@github.com/org/fleet"),
        ("git+ssh://git:secret@github.com/org/fleet", "git+ssh://git@github.com/org/fleet"),
        ("git@github.com:org/fleet", "git@github.com:org/fleet"),
        ("https://github.com/org/fleet@v2", "https://github.com/org/fleet@v2"),
        ("../mirror", "../mirror"),
    ],
)
def test_credentials_are_taken_out_of_an_address(repository: Path, configured: str, told: str) -> None:
    git(repository, "config", "remote.origin.url", configured)

    assert remote_urls(repository) == (told,)


def test_an_address_with_control_characters_is_left_out(repository: Path) -> None:
    git(repository, "config", "remote.origin.url", "https://github.com/\x1b[31m/fleet")
    git(repository, "config", "remote.other.url", "https://github.com/org/fleet")

    assert remote_urls(repository) == ("https://github.com/org/fleet",)


def test_a_repository_without_remotes_has_no_addresses(repository: Path) -> None:
    assert remote_urls(repository) == ()


def test_a_folder_outside_of_any_repository_has_no_addresses(tmp_path: Path) -> None:
    assert remote_urls(tmp_path) == ()


def test_a_git_folder_that_is_none_has_no_addresses(tmp_path: Path) -> None:
    (tmp_path / ".git").write_text("gitdir: nowhere\n")

    assert remote_urls(tmp_path) == ()


def test_without_git_on_the_search_path_there_are_no_addresses(repository: Path, tmp_path: Path) -> None:
    git(repository, "remote", "add", "origin", "https://github.com/org/fleet")

    assert remote_urls(repository, search_path=str(tmp_path)) == ()


def test_the_settings_of_the_user_have_no_say(repository: Path, scrubbed_environment: Path) -> None:
    (scrubbed_environment / ".gitconfig").write_text('[remote "mine"]\n\turl = https://example.com/mine\n')
    git(repository, "remote", "add", "origin", "https://github.com/org/fleet")

    assert remote_urls(repository) == ("https://github.com/org/fleet",)


def test_git_is_told_which_repository_and_gets_nothing_else_of_our_environment(tmp_path: Path) -> None:
    """What a container needs, where the checkout belongs to another user: a named folder is not refused."""
    (tmp_path / "fleet" / ".git").mkdir(parents=True)
    seen = tmp_path / "environment"
    program = tmp_path / "git"
    program.write_text(f"#!/bin/sh\nenv > {seen}\npwd >> {seen}\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)

    assert remote_urls(tmp_path / "fleet", search_path=str(tmp_path)) == ()
    names = {line.partition("=")[0] for line in seen.read_text().splitlines()}
    assert f"GIT_DIR={tmp_path / 'fleet' / '.git'}" in seen.read_text()
    assert names - {"PWD", "OLDPWD", "SHLVL", "_", "/"} == {
        "GIT_DIR",
        "GIT_CONFIG_NOSYSTEM",
        "GIT_CONFIG_GLOBAL",
        "LC_ALL",
    }


def test_a_repository_of_another_user_is_read(repository: Path) -> None:
    git(repository, "remote", "add", "origin", "https://github.com/org/fleet")
    if os.geteuid() == 0:
        for path in (repository, *repository.rglob("*")):
            os.chown(path, 12345, 12345)

    assert remote_urls(repository) == ("https://github.com/org/fleet",)
