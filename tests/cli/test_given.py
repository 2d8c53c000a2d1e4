"""Options and environment become one run."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from imgupdate.cli.given import Given, settings_of
from imgupdate.cli.settings import GitHubAccess, RunSettings
from imgupdate.errors import UsageError
from imgupdate.publish.settings import GroupBy, Mode
from imgupdate.remote import Decoration, MergeMethod
from tests.cli.support import guide, run
from tests.twins.registry import RegistryTwin

TOKEN = {"GITHUB_TOKEN": "token"}


def given_as(root: Path, **options: Any) -> Given:
    plain: dict[str, Any] = {
        "root": root,
        "config": "",
        "namespace": "flux-system",
        "write": False,
        "publish": "none",
        "dry_run": False,
        "policies": (),
        "base": "",
        "branch": "",
        "title": "",
        "labels": (),
        "assignees": (),
        "reviewers": (),
        "team_reviewers": (),
        "milestone": "",
        "draft": False,
        "auto_merge": None,
        "group_by": "automation",
        "ambient_credentials": "use",
        "token_servers": (),
        "cache_dir": "",
        "respect_interval": False,
        "sign": None,
        "signing_key_file": None,
        "explain": False,
        "workers": 32,
    }
    return Given(**(plain | options))


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A repository with `main` checked out, and no remote yet."""
    subprocess.run(["git", "init", "-q", "-b", "main", str(tmp_path)], check=True)
    return tmp_path


def remote(checkout: Path, url: str, name: str = "origin") -> None:
    subprocess.run(["git", "-C", str(checkout), "remote", "add", name, url], check=True)


def access(checkout: Path, **environment: str) -> GitHubAccess:
    given = {"PATH": os.environ["PATH"], **TOKEN, **environment}
    return settings_of(given_as(checkout, publish="auto"), given).github


def test_without_options_nothing_is_published_and_nothing_of_github_is_needed(tmp_path: Path) -> None:
    assert settings_of(given_as(tmp_path), TOKEN) == RunSettings(root=tmp_path)


def test_every_option_is_handed_on(checkout: Path, tmp_path: Path) -> None:
    (tmp_path / "key").write_bytes(b"the key")

    settings = settings_of(
        given_as(
            checkout,
            config="c",
            namespace="n",
            publish="pull-request",
            policies=("p",),
            base="refs/heads/prod",
            branch="b",
            title="t",
            labels=("l",),
            assignees=("a",),
            reviewers=("r",),
            team_reviewers=("org/team",),
            milestone="m",
            draft=True,
            auto_merge="rebase",
            group_by="image",
            ambient_credentials="ignore",
            token_servers=("Gitlab.example.com",),
            cache_dir="/var/cache/imgupdate",
            respect_interval=True,
            sign="github",
            signing_key_file=tmp_path / "key",
            explain=True,
            workers=7,
        ),
        {
            **TOKEN,
            "GITHUB_REPOSITORY": "octo/fleet",
            "IMGUPDATE_SIGNING_PASSPHRASE": "word",
            "IMGUPDATE_REGISTRY_AUTH": "{ghcr.io: 'me:pass-word', secret:login: {registrytoken: t}}",
        },
    )

    assert settings == RunSettings(
        root=checkout,
        config="c",
        namespace="n",
        policies=("p",),
        publish=Mode.PULL_REQUEST,
        base="prod",
        branch="b",
        title="t",
        group_by=GroupBy.IMAGE,
        registry_auth=b'{"auths": {"ghcr.io": {"username": "me", "password": "pass-word"}}}',
        registry_secrets={"login": b'{"registrytoken": "t"}'},
        ambient_credentials=False,
        token_servers=frozenset({"gitlab.example.com"}),
        cache_dir=Path("/var/cache/imgupdate"),
        respect_interval=True,
        decoration=Decoration(
            labels=("l",), assignees=("a",), reviewers=("r",), team_reviewers=("team",), milestone="m"
        ),
        draft=True,
        auto_merge=MergeMethod.REBASE,
        sign_github=True,
        signing_key=b"the key",
        signing_passphrase=b"word",
        github=GitHubAccess(token="token", repository="octo/fleet"),
        explain=True,
        workers=7,
    )


def test_the_base_is_the_branch_that_is_checked_out(checkout: Path) -> None:
    environment = {**TOKEN, "GITHUB_REPOSITORY": "octo/fleet"}

    assert settings_of(given_as(checkout, publish="commit"), environment).base == "main"


def test_a_dry_run_needs_no_token_and_no_branch(tmp_path: Path) -> None:
    settings = settings_of(given_as(tmp_path, publish="auto", dry_run=True), {})

    assert (settings.publish, settings.dry_run, settings.base) == (Mode.AUTO, True, "")


@pytest.mark.parametrize(
    "url",
    [
        "https://github.com/octo/fleet.git",
        "https://github.com/octo/fleet",
        "https://github.com/octo/fleet/",
        "git@github.com:octo/fleet.git",
        "ssh://git@github.com/octo/fleet.git",
        "ssh://git@ssh.github.com:443/octo/fleet.git",
        "GitHub.com:octo/fleet",
    ],
)
def test_a_remote_says_which_repository_it_is(checkout: Path, url: str) -> None:
    remote(checkout, url)

    assert access(checkout) == GitHubAccess(token="token", repository="octo/fleet")


def test_a_server_of_ones_own_has_its_api_below_it(checkout: Path) -> None:
    remote(checkout, "https://gitlab.example/octo/other.git", "mirror")
    remote(checkout, "git@git.example:octo/fleet.git")

    found = access(checkout, GITHUB_SERVER_URL="https://git.example/")

    assert found == GitHubAccess(
        token="token",
        repository="octo/fleet",
        api_url="https://git.example/api/v3",
        graphql_url="https://git.example/api/graphql",
        server_url="https://git.example",
    )
    told = access(
        checkout,
        GITHUB_SERVER_URL="https://git.example",
        GITHUB_API_URL="https://api.example/",
        GITHUB_GRAPHQL_URL="https://api.example/g",
    )
    assert (told.api_url, told.graphql_url) == ("https://api.example", "https://api.example/g")


@pytest.mark.parametrize(
    "url",
    [
        "https://gitlab.example/octo/fleet.git",
        "https://github.com.evil.example/octo/fleet",
        "https://evil.example/github.com/octo/fleet",
        "git@evil.example:github.com/octo/fleet",
        "https://github.com/octo",
        "/srv/git/octo/fleet.git",
        "file:///github.com/octo/fleet",
    ],
)
def test_a_token_is_shown_to_no_other_server(checkout: Path, url: str) -> None:
    remote(checkout, url)

    with pytest.raises(UsageError) as caught:
        access(checkout)

    assert caught.value.message == "no Git remote says which repository of 'github.com' this is"
    assert "GITHUB_REPOSITORY" in caught.value.remedy


def test_the_token_comes_from_the_environment(checkout: Path) -> None:
    environment = {"GITHUB_REPOSITORY": "octo/fleet", "GH_TOKEN": "of-gh"}
    given = given_as(checkout, publish="auto")

    assert settings_of(given, environment).github.token == "of-gh"
    assert settings_of(given, environment | {"GITHUB_TOKEN": "first"}).github.token == "first"
    with pytest.raises(UsageError, match="publishing needs a token"):
        settings_of(given, environment | {"GH_TOKEN": " "})


def test_the_signing_key_is_a_file_or_a_variable(tmp_path: Path) -> None:
    given = given_as(tmp_path)

    assert settings_of(given, {"IMGUPDATE_SIGNING_KEY": " a\nb "}).signing_key == b"a\nb\n"
    assert settings_of(given, {"IMGUPDATE_SIGNING_KEY": " "}).signing_key == b""


def test_a_key_that_cannot_be_one_is_wrong_usage(tmp_path: Path) -> None:
    large = tmp_path / "large"
    large.write_bytes(b"k" * 70_000)

    with pytest.raises(UsageError, match="larger than a key is"):
        settings_of(given_as(tmp_path, signing_key_file=large), {})
    with pytest.raises(UsageError, match="cannot be read: Is a directory"):
        settings_of(given_as(tmp_path, signing_key_file=tmp_path), {})


@pytest.mark.parametrize(("option", "text"), [("base", "a b"), ("branch", "-x")])
def test_a_branch_is_called_as_git_calls_branches(tmp_path: Path, option: str, text: str) -> None:
    with pytest.raises(UsageError, match=f"--{option} '{text}' is not the name of a branch"):
        settings_of(given_as(tmp_path, **{option: text}), {})


def test_writing_and_publishing_exclude_each_other(tmp_path: Path, registry: RegistryTwin) -> None:
    guide(tmp_path, registry.host)

    ran = run(tmp_path, "--write", "--publish", "auto")

    assert ran.code == 2
    assert "--write and --publish exclude each other" in ran.err


def test_publishing_without_a_token_says_which_variable_is_missing(checkout: Path, registry: RegistryTwin) -> None:
    guide(checkout, registry.host)

    ran = run(checkout, "--publish", "auto")

    assert ran.code == 2
    assert ran.err == "error: publishing needs a token; set GITHUB_TOKEN or GH_TOKEN; `gh auth token` prints one\n"


def test_a_dry_run_of_publishing_shows_what_would_change(tmp_path: Path, registry: RegistryTwin) -> None:
    tree = guide(tmp_path, registry.host)

    ran = run(tmp_path, "--publish", "auto", "--dry-run")

    assert ran.code == 0
    assert ran.out.endswith("1 file would change (1 field)\n")
    assert tree.changed == set()
