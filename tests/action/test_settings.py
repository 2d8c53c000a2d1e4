"""Inputs, event and environment become one run."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from imgupdate.action.events import Trigger
from imgupdate.action.inputs import Inputs
from imgupdate.action.places import file_prefix, links
from imgupdate.action.settings import make_settings, root_of
from imgupdate.cli.settings import GitHubAccess, RunSettings
from imgupdate.errors import UsageError
from imgupdate.publish.settings import Mode
from imgupdate.remote import Decoration, MergeMethod
from imgupdate.report.links import Links
from imgupdate.results import Severity

COMMIT = "0123456789abcdef0123456789abcdef01234567"
PUSH = Trigger(event="push")
REPORT = Trigger(event="pull_request", publishes=False)


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """A workspace with a branch checked out."""
    (tmp_path / ".git" / "refs" / "heads").mkdir(parents=True)
    (tmp_path / ".git" / "HEAD").write_text("ref: refs/heads/main\n")
    (tmp_path / ".git" / "refs" / "heads" / "main").write_text(COMMIT + "\n")
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "file.yaml").touch()
    return tmp_path


def environment(workspace: Path, **more: str) -> Mapping[str, str]:
    return {
        "GITHUB_WORKSPACE": str(workspace),
        "GITHUB_REPOSITORY": "octo/fleet",
        "GITHUB_REF": "refs/heads/main",
        **more,
    }


def made(workspace: Path, inputs: Inputs, trigger: Trigger = PUSH, **more: str) -> RunSettings:
    return make_settings(inputs, trigger, environment(workspace, **more))[0]


def test_where_strangers_may_have_written_the_manifests_no_credentials_are_used(workspace: Path) -> None:
    inputs = Inputs(registry_auth=b"{}", registry_secrets={"regcred": b"{}"}, cache_dir="cache")
    target = Trigger(event="pull_request_target", publishes=False, trusted=False)

    settings = made(workspace, inputs, target)

    assert (settings.registry_auth, dict(settings.registry_secrets)) == (b"", {})
    assert not settings.ambient_credentials
    assert settings.cache_dir is None
    assert made(workspace, inputs, REPORT).registry_auth == b"{}"


def test_what_the_workflow_says_is_what_is_done(workspace: Path) -> None:
    inputs = Inputs(
        token="token",
        config="clusters",
        namespace="apps",
        base="prod",
        branch="bots/images",
        title="t",
        decoration=Decoration(labels=("a",)),
        draft=True,
        auto_merge=MergeMethod.MERGE,
        registry_auth=b"{}",
        registry_secrets={"login": b"{}"},
        ambient_credentials=False,
        token_servers=frozenset({"gitlab.example.com"}),
        cache_dir=".imgupdate-cache",
        respect_interval=True,
        images=("podinfo",),
        sign="github",
        signing_key=b"key",
        signing_passphrase=b"word",
    )

    settings, problems = make_settings(
        inputs,
        Trigger(event="repository_dispatch", images=("ghcr.io/a/b",)),
        environment(
            workspace,
            GITHUB_API_URL="https://git.example/api/v3/",
            GITHUB_GRAPHQL_URL="https://git.example/api/graphql",
            GITHUB_SERVER_URL="https://git.example/",
        ),
    )

    assert problems == ()
    assert settings == RunSettings(
        root=workspace,
        config="clusters",
        namespace="apps",
        policies=("podinfo",),
        only_images=("ghcr.io/a/b",),
        publish=Mode.AUTO,
        base="prod",
        branch="bots/images",
        title="t",
        decoration=Decoration(labels=("a",)),
        draft=True,
        auto_merge=MergeMethod.MERGE,
        sign_github=True,
        signing_key=b"key",
        signing_passphrase=b"word",
        registry_auth=b"{}",
        registry_secrets={"login": b"{}"},
        ambient_credentials=False,
        token_servers=frozenset({"gitlab.example.com"}),
        cache_dir=workspace / ".imgupdate-cache",
        respect_interval=True,
        github=GitHubAccess(
            token="token",
            repository="octo/fleet",
            api_url="https://git.example/api/v3",
            graphql_url="https://git.example/api/graphql",
            server_url="https://git.example",
        ),
    )


@pytest.mark.parametrize("path", [".", "..", "/", "/tmp/cache", "sub/../..", "link/cache", "a\0b"])
def test_a_cache_that_is_not_below_the_workspace_is_refused(workspace: Path, path: str) -> None:
    (workspace / "link").symlink_to("..")

    with pytest.raises(UsageError, match=r"the input cache-dir: .* is not below the workspace"):
        made(workspace, Inputs(token="t", cache_dir=path))


@pytest.mark.parametrize(
    ("inputs", "trigger", "publish", "write"),
    [
        (Inputs(token="t"), PUSH, Mode.AUTO, False),
        (Inputs(publish=Mode.NONE), PUSH, Mode.NONE, True),
        (Inputs(publish=Mode.NONE, dry_run=True), PUSH, Mode.NONE, False),
        (Inputs(dry_run=True), PUSH, Mode.AUTO, False),
        (Inputs(token="t"), REPORT, Mode.NONE, False),
        (Inputs(publish=Mode.NONE), REPORT, Mode.NONE, False),
    ],
)
def test_the_files_are_written_only_where_that_was_asked_for(
    workspace: Path, inputs: Inputs, trigger: Trigger, publish: Mode, write: bool
) -> None:
    settings = made(workspace, inputs, trigger)

    assert (settings.publish, settings.write, settings.dry_run) == (publish, write, inputs.dry_run)


def test_the_branch_that_is_checked_out_is_the_base(workspace: Path) -> None:
    assert made(workspace, Inputs(token="t"), GITHUB_REF="refs/heads/other").base == "main"
    assert made(workspace, Inputs(token="t", base="prod")).base == "prod"


@pytest.mark.parametrize(
    ("inputs", "more", "said"),
    [
        (Inputs(), {}, "the input token is empty"),
        (Inputs(token="t"), {"GITHUB_REPOSITORY": ""}, "GITHUB_REPOSITORY does not name the repository"),
        (Inputs(token="t", branch="main"), {}, "the inputs branch and base are both 'main'"),
        (Inputs(token="t", path="sub"), {}, "the path is a folder within a repository"),
    ],
)
def test_what_publishing_lacks_is_named(workspace: Path, inputs: Inputs, more: dict[str, str], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        make_settings(inputs, PUSH, environment(workspace, **more))

    assert make_settings(replace(inputs, dry_run=True), PUSH, environment(workspace, **more))[0].dry_run


@pytest.mark.parametrize(
    ("remotes", "taken"),
    [
        (["https://github.com/octo/fleet"], True),
        (["git@github.com:Octo/Fleet.git"], True),
        (["https://github.com/octo/app"], False),
        (["https://github.com/octo/app", "https://github.com/octo/fleet.git"], True),
        (["https://mirror.example/octo/app", "/srv/git/app.git"], True),
        ([], True),
    ],
)
def test_what_is_checked_out_is_the_repository_of_the_workflow(
    workspace: Path, remotes: list[str], taken: bool
) -> None:
    settings = "".join(f'[remote "r{number}"]\n\turl = {url}\n' for number, url in enumerate(remotes))
    (workspace / ".git" / "objects").mkdir()
    (workspace / ".git" / "config").write_text(f"[core]\n\trepositoryformatversion = 0\n{settings}")
    given = environment(workspace, PATH=os.environ["PATH"])

    if taken:
        assert make_settings(Inputs(token="t"), PUSH, given)[0].github.repository == "octo/fleet"
    else:
        with pytest.raises(UsageError, match="'octo/app' is checked out, and the workflow is of 'octo/fleet'") as error:
            make_settings(Inputs(token="t"), PUSH, given)
        assert "repository_dispatch" in error.value.remedy
    assert make_settings(Inputs(), REPORT, given)[0].github.repository == "octo/fleet"


def test_a_run_for_a_branch_of_ours_is_only_reported_unless_a_base_is_given(workspace: Path) -> None:
    (workspace / ".git" / "HEAD").write_text("ref: refs/heads/imgupdate/main\n")

    settings, problems = make_settings(Inputs(), PUSH, environment(workspace))

    assert (settings.publish, settings.write, settings.base) == (Mode.NONE, False, "")
    assert [problem.severity for problem in problems] == [Severity.NOTICE]
    assert made(workspace, Inputs(token="t", base="imgupdate/main")).base == "imgupdate/main"


@pytest.mark.parametrize(
    ("inputs", "said"),
    [
        (
            Inputs(token="t", publish=Mode.COMMIT, draft=True, title="t"),
            "title, draft: without effect, since publish is commit",
        ),
        (Inputs(publish=Mode.NONE, branch="b"), "branch: without effect, since publish is none"),
        (Inputs(token="t", draft=True), ""),
        (Inputs(token="t", publish=Mode.COMMIT), ""),
    ],
)
def test_inputs_without_effect_are_a_warning(workspace: Path, inputs: Inputs, said: str) -> None:
    _, problems = make_settings(inputs, PUSH, environment(workspace))

    assert "; ".join(problem.message for problem in problems) == said


def test_the_path_is_below_the_workspace(workspace: Path) -> None:
    given = environment(workspace)

    assert root_of("sub", given) == root_of(f"{workspace}/./sub", given) == workspace / "sub"
    assert root_of("sub/..", given) == workspace


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("..", "leads out of the workspace"),
        ("/etc", "leads out of the workspace"),
        ("sub/../../x", "leads out of the workspace"),
        ("link", "leads out of the workspace"),
        ("nowhere", "there is no folder 'nowhere'"),
        ("sub/file.yaml", "there is no folder"),
        ("a\0b", "there is no folder"),
        ("loop", "there is no folder"),
        ("empty", "there is nothing in the workspace"),
    ],
)
def test_another_path_is_wrong_usage(workspace: Path, path: str, said: str) -> None:
    (workspace / "link").symlink_to("/etc")
    (workspace / "loop").symlink_to("loop")
    (workspace / "empty").mkdir()

    with pytest.raises(UsageError, match=said):
        root_of(path, environment(workspace))


def test_without_a_workspace_it_is_the_current_folder(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(workspace)

    assert root_of("sub", {}) == workspace / "sub"


def test_links_are_to_the_commit_that_is_checked_out(workspace: Path) -> None:
    assert links(made(workspace, Inputs(dry_run=True)), {}) == Links("https://github.com", "octo/fleet", COMMIT)


def test_there_are_no_links_where_nobody_knows_where_they_lead(workspace: Path) -> None:
    assert links(made(workspace, Inputs(dry_run=True), GITHUB_REPOSITORY=""), {}) is None
    assert links(made(workspace, Inputs(dry_run=True, path="sub")), {}) is None
    (workspace / ".git" / "HEAD").unlink()
    assert links(made(workspace, Inputs(dry_run=True)), {}) is None
    assert links(made(workspace, Inputs(dry_run=True)), {"GITHUB_SHA": COMMIT}) is not None


def test_files_are_told_as_paths_below_the_workspace(workspace: Path) -> None:
    assert file_prefix(workspace, environment(workspace)) == ""
    assert file_prefix(workspace / "sub", environment(workspace)) == "sub/"
