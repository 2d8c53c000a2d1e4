"""Our workflows and the examples for users: pinned, least permissions, no strangers' texts in scripts, true inputs."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.twins.registry import RegistryTwin
from tests.twins.runner import Runner

ROOT = Path(__file__).parents[1]
ACTION = ROOT / "action.yml"
OURS = "imgupdate/imgupdate"
EXAMPLES = sorted((ROOT / "examples").glob("*.yml"))
WORKFLOWS = [*sorted((ROOT / ".github" / "workflows").glob("*.yml")), *EXAMPLES]

PIN = re.compile(r"^\s*(?:- )?uses: (?P<action>[\w./-]+)@(?P<version>[0-9a-f]{40}) # (?P<comment>v\d+\.\d+\.\d+)$")
EXPRESSION = re.compile(r"\$\{\{.*?\}\}", re.DOTALL)

each_workflow = pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.relative_to(ROOT).as_posix())
each_example = pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)


def read(path: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(path.read_text())
    return loaded


def jobs(path: Path) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = read(path)["jobs"]
    return found


def steps(path: Path) -> Iterator[dict[str, Any]]:
    for job in jobs(path).values():
        yield from job.get("steps", [])


def pins(path: Path) -> dict[str, tuple[str, str]]:
    """The actions of others that a workflow uses: the commit and the version that is said to be."""
    found = (PIN.match(line) for line in path.read_text().splitlines())
    return {match["action"]: (match["version"], match["comment"]) for match in found if match}


def test_there_is_a_workflow_for_each_purpose() -> None:
    assert {path.stem for path in WORKFLOWS if path not in EXAMPLES} == {"ci", "release", "self-test"}
    assert {path.stem for path in EXAMPLES} == {
        "check-pull-requests",
        "cloud-registry",
        "github-app-token",
        "private-registry",
        "repository-dispatch",
        "schedule",
    }


@each_workflow
def test_every_action_of_others_is_pinned_by_its_commit_with_the_version_beside_it(path: Path) -> None:
    used = [line.strip() for line in path.read_text().splitlines() if re.match(r"\s*(?:- )?uses: ", line)]
    loose = [line for line in used if not PIN.match(line) and not re.search(rf"uses: (\./|{OURS}@v\d+$)", line)]

    assert used
    assert loose == []


def test_an_action_is_of_one_version_everywhere() -> None:
    versions: dict[str, set[tuple[str, str]]] = {}
    for path in WORKFLOWS:
        for action, pin in pins(path).items():
            versions.setdefault(action, set()).add(pin)

    assert {action: found for action, found in versions.items() if len(found) > 1} == {}


@each_workflow
def test_nothing_is_permitted_but_what_a_job_says_with_its_reason(path: Path) -> None:
    assert read(path)["permissions"] == {}
    for job in jobs(path).values():
        assert job["permissions"]
        assert set(job["permissions"].values()) <= {"read", "write"}
    granted = re.findall(r"^ +[\w-]+: (?:read|write)\b(.*)$", path.read_text(), re.MULTILINE)
    assert all(re.match(r" # \w", reason) for reason in granted)


@each_workflow
def test_every_job_has_a_name_and_an_end_and_every_workflow_its_concurrency(path: Path) -> None:
    workflow = read(path)

    assert workflow["name"]
    assert "cancel-in-progress" in workflow["concurrency"]
    for job in jobs(path).values():
        assert job["name"]
        assert "uses" in job or job["timeout-minutes"] <= 30


@each_workflow
def test_a_checkout_leaves_no_credentials_behind(path: Path) -> None:
    checkouts = [step for step in steps(path) if step.get("uses", "").startswith("actions/checkout@")]

    assert all(step["with"]["persist-credentials"] is False for step in checkouts)


@each_workflow
def test_no_script_holds_an_expression(path: Path) -> None:
    assert [step["run"] for step in steps(path) if EXPRESSION.search(step.get("run", ""))] == []


@each_example
def test_the_inputs_and_outputs_that_an_example_uses_are_those_of_the_action(path: Path) -> None:
    action = read(ACTION)
    ours = [step for step in steps(path) if step.get("uses", "").startswith(OURS)]
    given = {name for step in ours for name in step.get("with", {})}
    names = {step["id"] for step in ours if "id" in step}
    taken = set(re.findall(rf"steps\.(?:{'|'.join(names) or 'none'})\.outputs\.([\w-]+)", path.read_text()))

    assert len(ours) == 1
    assert given <= set(action["inputs"])
    assert taken <= set(action["outputs"])


ASLEEP = "images: {app: {image: registry.example.com/app, suspend: true, policy: {semver: {range: 1.x}}}}\n"


@each_example
def test_the_action_takes_the_inputs_of_an_example(path: Path, tmp_path: Path) -> None:
    (ours,) = (step for step in steps(path) if step.get("uses", "").startswith(OURS))
    given = {name: EXPRESSION.sub("from-an-expression", value) for name, value in ours.get("with", {}).items()}
    runner = Runner(tmp_path)
    subprocess.run(["git", "init", "--quiet", "--initial-branch=main", str(runner.workspace)], check=True)
    (runner.workspace / ".github").mkdir()
    (runner.workspace / ".github/imgupdate.yaml").write_text(ASLEEP)

    step = runner.run([sys.executable, "-I", str(ROOT / "entrypoint.py")], inputs=given | {"dry-run": "true"})

    assert step.exit_code == 0, step.log
    assert [found for found in step.annotations if found.level != "notice"] == []


def test_the_self_test_runs_the_action_that_is_checked_out_with_inputs_and_outputs_that_it_has() -> None:
    action = read(ACTION)
    path = ROOT / ".github/workflows/self-test.yml"
    ours = [step for step in steps(path) if step.get("uses") == "./"]
    taken = set(re.findall(r"steps\.[\w-]+\.outputs\.([\w-]+)", path.read_text()))

    assert len(ours) >= 2
    assert {name for step in ours for name in step["with"]} <= set(action["inputs"])
    assert taken <= set(action["outputs"])
    assert all("@sha256:" in service["image"] for job in jobs(path).values() for service in job["services"].values())


@pytest.mark.needs_program("jq")
def test_the_self_test_passes_on_a_runner_and_a_registry_of_ours(tmp_path: Path) -> None:
    """Each step in turn, but for the pushes of images, and for who owns the files: that is for GitHub and the image."""
    runner = Runner(tmp_path)
    outputs: dict[str, str] = {}
    with RegistryTwin() as registry:
        registry.fill("team/app", ["1.0.0", "1.2.0", "2.0.0", "latest"])
        for step in steps(ROOT / ".github/workflows/self-test.yml"):
            if step.get("uses") == "./":
                done = runner.run([sys.executable, "-I", str(ROOT / "entrypoint.py")], inputs=step["with"])
                assert done.succeeded, done.log
                outputs = {f"${{{{ steps.{step['id']}.outputs.{name} }}}}": done.outputs[name] for name in done.outputs}
            elif "run" in step and "docker" not in step["run"]:
                script = step["run"].replace("registry:5000", registry.host).replace("-user root", "-user nobody")
                variables = {name: outputs[value] for name, value in step.get("env", {}).items()}
                subprocess.run(
                    ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script],
                    cwd=runner.workspace,
                    env=variables | {"PATH": os.environ["PATH"]},
                    check=True,
                )

    assert (runner.workspace / "fleet/app.yaml").read_text().startswith(f"image: {registry.host}/team/app:1.2.0 # ")


@each_example
def test_the_page_of_examples_lists_each(path: Path) -> None:
    assert f"]({path.name})" in (ROOT / "examples/README.md").read_text()


def test_an_example_publishes_with_the_permissions_that_this_takes_and_no_others() -> None:
    for path in EXAMPLES:
        (job,) = jobs(path).values()
        (ours,) = (step for step in job["steps"] if step.get("uses", "").startswith(OURS))
        writes = {name for name, level in job["permissions"].items() if level == "write"}
        publishes = ours.get("with", {}).get("publish") != "none"
        own_token = "token" in ours.get("with", {})
        if "AWS_ROLE_ARN" in ours.get("env", {}):
            writes.remove("id-token")
        assert writes == ({"contents", "pull-requests"} if publishes and not own_token else set()), path.name


def test_a_release_finds_the_line_of_the_action_that_it_puts_the_image_into() -> None:
    release = (ROOT / ".github/workflows/release.yml").read_text()

    (pattern,) = re.findall(r"s\|\^(.*?)\$\|", release)
    assert re.findall(rf"^{pattern}$", ACTION.read_text(), re.MULTILINE) == ["  image: Dockerfile"]


@pytest.mark.parametrize("purpose", ["platform: amd64", "platform: arm64", "sbom-path: ", "attest-build-provenance@"])
def test_a_release_makes_and_attests_the_image_of_both_architectures(purpose: str) -> None:
    assert purpose in (ROOT / ".github/workflows/release.yml").read_text()


def test_new_versions_of_dependencies_are_looked_for_and_wait() -> None:
    updates = read(ROOT / ".github/dependabot.yml")["updates"]

    assert {update["package-ecosystem"] for update in updates} == {"github-actions", "pip", "docker"}
    assert all(update["cooldown"]["default-days"] >= 7 for update in updates)


def test_ci_builds_the_image_and_demands_its_tests() -> None:
    script = (ROOT / ".ci/container").read_text()

    assert re.search(r"^\.ci/container$", (ROOT / ".ci/run").read_text(), re.MULTILINE)
    assert re.search(r"^make test PYTEST_ARGS=.*--image .* tests/e2e/container\"$", script, re.MULTILINE)
    assert "\nset -euo pipefail\n" in script
    assert os.access(ROOT / ".ci/container", os.X_OK)


def test_the_image_has_one_base_by_its_digest_and_one_argument_to_replace_it() -> None:
    lines = (ROOT / "Dockerfile").read_text().splitlines()
    bases = [line for line in lines if line.startswith("FROM ")]

    assert "ARG BASE=pinned" in lines
    assert re.fullmatch(r"FROM docker\.io/library/python:[\w.-]+@sha256:[0-9a-f]{64} AS pinned", bases[0])
    assert set(bases[1:]) == {"FROM ${BASE} AS build", "FROM ${BASE}"}
