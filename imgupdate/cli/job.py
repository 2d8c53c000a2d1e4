"""What `imgupdate run` does: the rooms put together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TextIO

from imgupdate import config
from imgupdate.cli.environment import registry_client, repository_urls
from imgupdate.cli.output import TextReport, make_progress
from imgupdate.cli.streams import writing
from imgupdate.config import UnreadableConfiguration
from imgupdate.config.labels import is_object_name
from imgupdate.errors import ConfigurationError, UsageError, shown
from imgupdate.registry import Clock
from imgupdate.report.document import to_json
from imgupdate.results import Plan, Problem, Result
from imgupdate.setters import TOKEN
from imgupdate.update import Request, Scanner, update
from imgupdate.workspace import Workspace
from imgupdate.workspace.confined import printable

CHANGED = 1
"""The exit code of `--fail-on change` where nothing is wrong but something changed or would change."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The options of the command, as the person gave them."""

    root: Path
    config: str
    namespace: str
    write: bool
    policies: tuple[str, ...]
    output: str
    explain: bool
    workers: int
    fail_on: str
    color: str


def perform(
    options: Options, environment: Mapping[str, str], stdout: TextIO, stderr: TextIO, *, clock: Clock | None = None
) -> int:
    """Do what the options ask for, report it, and return the exit code; `clock` is what the registry client goes by.

    Raises:
        UsageError: the path is no directory, the namespace no name, or a policy that is asked for does not exist.
        OutputLost: the report could not be written; the files are.

    """
    if not is_object_name(options.namespace):
        raise UsageError(f"{shown(options.namespace)} cannot be a namespace", remedy="write it as in the cluster")
    workspace = Workspace(options.root, tokens=(TOKEN, *config.TOKENS))
    try:
        result = _update(options, environment, workspace, stderr, clock)
    except UnreadableConfiguration as error:
        result = _failed(error.problems)
    except ConfigurationError as error:
        result = _failed((Problem.of(error),))
    result = replace(result, problems=(*result.problems, *workspace.passed_over))
    if options.write:
        result = _write(result, workspace)
    code = exit_code(result, options.fail_on)
    with writing(stdout):
        if options.output == "json":
            stdout.write(to_json(result, exit_code=code))
        else:
            TextReport(stdout, options.color, environment).show(result, requested=bool(options.policies))
    return code


def exit_code(result: Result, fail_on: str) -> int:
    """The exit code of a run (design, section 6), as `--fail-on` has it."""
    if fail_on == "never":
        return 0
    if fail_on == "change" and result.plan.edits:
        return max(result.exit_code, CHANGED)
    return result.exit_code


def _update(
    options: Options, environment: Mapping[str, str], workspace: Workspace, stderr: TextIO, clock: Clock | None
) -> Result:
    loaded = config.load(workspace, config_path=options.config, namespace=options.namespace)
    request = Request(
        repository_urls=repository_urls(options.root, environment), policies=options.policies, explain=options.explain
    )
    progress = make_progress(stderr, options.color, environment)
    with registry_client(environment, clock) as client:
        return update(loaded, workspace, Scanner(source=client, workers=options.workers, progress=progress), request)


def _failed(problems: tuple[Problem, ...]) -> Result:
    """The result of a run that could not begin."""
    return Result(outcomes=(), plan=Plan(), problems=problems, written=False)


def _write(result: Result, workspace: Workspace) -> Result:
    """Put the plan into the tree. What could not be written is a problem, and no longer among the edits."""
    failed = workspace.write_all(result.plan.edits)
    lost = {problem.location.path for problem in failed if problem.location}
    edits = tuple(edit for edit in result.plan.edits if printable(edit.path) not in lost)
    plan = replace(result.plan, edits=edits)
    return replace(result, plan=plan, problems=(*result.problems, *failed), written=True)
