"""One container, two uses: the action, and the command line."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from imgupdate import __version__
from tests.action.support import COMMAND, process
from tests.twins.runner import Runner


def started(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    given = {"PATH": os.environ["PATH"], **environment}
    return subprocess.run([*COMMAND, *arguments], env=given, capture_output=True, text=True, check=False)


def test_in_a_workflow_without_arguments_it_is_the_action(runner: Runner) -> None:
    assert process(runner, {"publish": "none"}).outputs["changed"] == "true"


@pytest.mark.parametrize("environment", [{}, {"GITHUB_ACTIONS": "true"}])
def test_with_arguments_it_is_the_command_line(environment: dict[str, str]) -> None:
    done = started("--version", **environment)

    assert (done.returncode, done.stdout) == (0, f"imgupdate {__version__}\n")


def test_elsewhere_without_arguments_it_is_the_command_line_which_says_how_it_is_used() -> None:
    done = started()

    assert "Usage: imgupdate [OPTIONS] COMMAND" in done.stdout + done.stderr


def test_a_command_line_in_a_workflow_works_on_the_repository(runner: Runner, tmp_path: Path) -> None:
    done = started("run", "--path", str(runner.workspace), "--fail-on", "change", GITHUB_ACTIONS="true")

    assert done.returncode == 1
    assert "podinfo:5.0.3" in done.stdout
