"""Steps that publish, against GitHub's twin: what a workflow gets to see and to use."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from imgupdate.action.outputs import NOTHING
from tests.action.support import messages, process, step
from tests.cli.support import deployment, policy, repository
from tests.twins.github import GitHubTwin, SeenCall, faults, person_token, workflow_token
from tests.twins.registry import RegistryTwin
from tests.twins.runner import Runner

BRANCH = "imgupdate/main"


@pytest.fixture
def github(tmp_path: Path, registry: RegistryTwin) -> Iterator[GitHubTwin]:
    """A repository on GitHub in which an image is behind."""
    with GitHubTwin(tmp_path / "fleet.git", owner="octo", name="fleet") as twin:
        twin.push(
            "main",
            {
                "flux/podinfo.yaml": repository(f"{registry.host}/podinfo") + policy(),
                "apps/podinfo.yaml": deployment(f"{registry.host}/podinfo:5.0.0"),
            },
        )
        yield twin


@pytest.fixture
def runner(tmp_path: Path, github: GitHubTwin) -> Runner:
    """A runner that has it checked out."""
    return checked_out(tmp_path / "runner", github)


def checked_out(root: Path, github: GitHubTwin, **more: str) -> Runner:
    server = github.clone_url.removesuffix("/octo/fleet.git")
    made = Runner(root, api_url=github.api_url, server_url=server, token=github.workflow.value, **more)  # type: ignore[arg-type]
    clone = ["git", "clone", "--quiet", str(github.directory), str(made.workspace)]
    subprocess.run(clone, check=True, capture_output=True)
    return made


def test_the_three_line_workflow_opens_a_pull_request(
    runner: Runner, github: GitHubTwin, registry: RegistryTwin
) -> None:
    before = sorted(path.name for path in runner.workspace.rglob("*"))

    done = step(runner)

    (pull,) = github.pulls()
    head = github.head(BRANCH)
    assert done.exit_code == 0
    assert (pull.head, pull.base, pull.state) == (BRANCH, "main", "open")
    assert b"podinfo:5.0.3" in github.tree(BRANCH)["apps/podinfo.yaml"]
    assert sorted(path.name for path in runner.workspace.rglob("*")) == before
    assert {name: value for name, value in done.outputs.items() if name.startswith(("commit-", "pull-request-"))} == {
        "commit-sha": head,
        "commit-verified": "true",
        "pull-request-number": str(pull.number),
        "pull-request-url": f"{runner.context['server_url']}/octo/fleet/pull/1",
        "pull-request-operation": "created",
        "pull-request-head-sha": head,
        "pull-request-branch": BRANCH,
        "pull-request-commits-verified": "true",
    }
    assert json.loads(done.outputs["commits"])[0]["sha"] == head
    (notice,) = done.annotations
    assert notice.title == "Pull request #1 opened"
    assert "##[group]Publishing" in done.log
    assert done.log.splitlines()[-1] == "1 file to change (1 field), 1 commit, pull request #1 created"
    assert "/pull/1" in done.summary


def test_commits_that_github_does_not_sign_are_said_to_be_unverified(runner: Runner, github: GitHubTwin) -> None:
    done = step(runner, {"token": github.person.value})

    assert done.outputs["pull-request-operation"] == "created"
    assert done.outputs["commit-verified"] == done.outputs["pull-request-commits-verified"] == "false"
    assert json.loads(done.outputs["pull-requests"])[0]["verified"] is False


def test_a_second_step_finds_it_as_it_should_be(runner: Runner, github: GitHubTwin) -> None:
    step(runner)
    head = github.head(BRANCH)

    done = step(runner)

    assert github.head(BRANCH) == head
    assert done.annotations == []
    assert done.outputs["changed"] == "true"
    assert done.outputs["commits"] == "[]"
    assert done.outputs["pull-request-operation"] == "none"
    assert done.outputs["pull-request-number"] == "1"
    assert done.log.splitlines()[-1] == "1 file to change (1 field), pull request #1 unchanged"


def test_inputs_reach_the_pull_request(runner: Runner, github: GitHubTwin) -> None:
    done = step(
        runner,
        {
            "branch": "bots/images",
            "title": "Bump images",
            "labels": "deps\nimages",
            "draft": "true",
            "group-by": "image",
        },
    )

    (pull,) = github.pulls()
    assert done.exit_code == 0
    assert pull.title == "Bump images"
    assert pull.draft
    assert pull.head.startswith("bots/images--")
    assert {label.name for label in pull.labels} == {"deps", "images"}
    assert done.outputs["pull-request-branch"] == pull.head


def test_a_commit_goes_to_the_branch_that_is_checked_out(runner: Runner, github: GitHubTwin) -> None:
    before = github.head("main")

    done = step(runner, {"publish": "commit"})

    assert done.exit_code == 0
    assert github.pulls() == []
    assert done.outputs["commit-sha"] == github.head("main") != before
    assert done.outputs["pull-request-operation"] == "none"


def test_each_cluster_of_a_repository_has_a_pull_request_from_a_branch_of_its_own(
    tmp_path: Path, github: GitHubTwin, registry: RegistryTwin
) -> None:
    files = {}
    for cluster in ("staging", "production"):
        marked = deployment(f"{registry.host}/podinfo:5.0.0")
        native = f"images: {{podinfo: {{image: {registry.host}/podinfo, policy: {{semver: {{range: 5.0.x}}}}}}}}\n"
        native += f"automation: {{update: {{path: clusters/{cluster}}}}}\n"
        files[f"clusters/{cluster}/images.yaml"] = native
        files[f"clusters/{cluster}/app.yaml"] = marked.replace("flux-system:podinfo", "podinfo")
    github.push("main", {**files, "flux/podinfo.yaml": None, "apps/podinfo.yaml": None})
    runner = checked_out(tmp_path / "clusters", github)

    done = [
        step(runner, {"config": f"clusters/{cluster}/images.yaml", "branch": f"imgupdate/{cluster}"})
        for cluster in ("staging", "production") * 2
    ]

    assert [each.exit_code for each in done] == [0] * 4
    assert [each.outputs["commits"] for each in done[2:]] == ["[]"] * 2
    assert sorted((pull.number, pull.head, pull.state) for pull in github.pulls()) == [
        (1, "imgupdate/staging", "open"),
        (2, "imgupdate/production", "open"),
    ]
    assert b"5.0.3" in github.tree("imgupdate/staging")["clusters/staging/app.yaml"]
    assert b"5.0.0" in github.tree("imgupdate/staging")["clusters/production/app.yaml"]


def test_a_dry_run_asks_github_for_nothing(runner: Runner, github: GitHubTwin) -> None:
    done = step(runner, {"dry-run": "true", "token": ""})

    assert done.exit_code == 0
    assert github.calls == ()
    assert done.outputs["changed"] == "true"


def test_a_workflow_that_may_not_open_pull_requests_is_told_which_setting_to_change(
    runner: Runner, github: GitHubTwin
) -> None:
    github.world.settings.actions_may_create_pull_requests = False

    done = step(runner)

    assert done.exit_code == 6
    (error,) = messages(done, "error")
    assert "Allow GitHub Actions to create and approve pull requests" in error
    assert "Settings → Actions → General" in error
    assert "Workflow permissions" in done.summary
    assert done.outputs["changed"] == "true"
    assert github.head(BRANCH)


def test_a_token_that_may_not_write_is_told_which_permission_is_missing(runner: Runner, github: GitHubTwin) -> None:
    github.admit(workflow_token(contents="read"))

    done = step(runner, {"token": github.workflow.value})

    assert done.exit_code == 6
    assert "contents: write" in messages(done, "error")[0]


def test_a_publishing_that_fails_leaves_no_secret_in_the_log(runner: Runner, github: GitHubTwin) -> None:
    token = github.admit(person_token())
    github.fail(faults.server_error(), times=99)

    done = step(runner, {"token": token.value}, environment={"RUNNER_DEBUG": "1"})

    assert done.exit_code == 6
    assert [line for line in done.stdout.splitlines() if token.value in line] == [f"::add-mask::{token.value}"]


def test_a_step_that_is_cancelled_while_it_publishes_has_its_outputs_and_the_next_one_ends_the_work(
    runner: Runner, github: GitHubTwin
) -> None:
    running: list[int] = []

    def cancel(call: SeenCall) -> None:
        if call.operation == "git/create-commit" and running:
            os.kill(running.pop(), signal.SIGTERM)

    github.before = cancel
    done = process(runner, started=running.append)

    assert done.exit_code == 143
    assert done.outputs == dict(NOTHING)

    done = step(runner)

    assert done.exit_code == 0
    assert [pull.head for pull in github.pulls()] == [BRANCH]
    assert len(github.log(BRANCH)) == len(github.log("main")) + 1


@pytest.mark.parametrize("said", ["##[add-mask]podinfo", "::error::gotcha", "a\n::error::gotcha\r::error::gotcha"])
def test_what_github_says_is_not_taken_for_a_command(runner: Runner, github: GitHubTwin, said: str) -> None:
    github.fail(faults.refusal(422, said), on="git/create-tree", times=99)

    done = step(runner)

    assert done.exit_code == 6
    assert len(messages(done, "error")) == 1
    assert not any("podinfo" in mask for mask in done.masks)
