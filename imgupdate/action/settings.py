"""Inputs, event and environment become one run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from imgupdate.action.events import Trigger
from imgupdate.action.inputs import Inputs
from imgupdate.cli.checkout import base_branch, demand_repository, demand_repository_root
from imgupdate.cli.settings import GitHubAccess, RunSettings
from imgupdate.errors import UsageError, shown
from imgupdate.publish.settings import Mode
from imgupdate.publish.targets import PREFIX
from imgupdate.results import Problem, Severity


def make_settings(
    inputs: Inputs, trigger: Trigger, environment: Mapping[str, str]
) -> tuple[RunSettings, tuple[Problem, ...]]:
    """The run that is meant, and what is odd about it.

    Raises:
        UsageError: the path leads out of the workspace or nowhere, or the folder of the cache out of it, or publishing
            lacks a token, a repository or a branch.

    """
    if not trigger.trusted:
        inputs = replace(inputs, registry_auth=b"", registry_secrets={}, ambient_credentials=False, cache_dir="")
    root = root_of(inputs.path, environment)
    mode, base, notes = _destination(inputs, trigger, root, environment)
    settings = RunSettings(
        root=root,
        config=inputs.config,
        namespace=inputs.namespace,
        policies=inputs.images,
        only_images=trigger.images,
        publish=mode,
        write=inputs.publish is Mode.NONE and trigger.publishes and not inputs.dry_run,
        dry_run=inputs.dry_run,
        base=base,
        branch=inputs.branch,
        title=inputs.title,
        group_by=inputs.group_by,
        decoration=inputs.decoration,
        draft=inputs.draft,
        auto_merge=inputs.auto_merge,
        sign_github=bool(inputs.sign),
        signing_key=inputs.signing_key,
        signing_passphrase=inputs.signing_passphrase,
        registry_auth=inputs.registry_auth,
        registry_secrets=inputs.registry_secrets,
        ambient_credentials=inputs.ambient_credentials,
        token_servers=inputs.token_servers,
        cache_dir=cache_dir_of(inputs.cache_dir, environment) if inputs.cache_dir else None,
        respect_interval=inputs.respect_interval,
        github=_access(inputs.token, environment),
        explain=environment.get("RUNNER_DEBUG") == "1",
    )
    return settings, (*notes, *_oddities(inputs, mode))


def _destination(
    inputs: Inputs, trigger: Trigger, root: Path, environment: Mapping[str, str]
) -> tuple[Mode, str, tuple[Problem, ...]]:
    """How to publish, for which branch, and what is odd about that."""
    mode, base = inputs.publish if trigger.publishes else Mode.NONE, inputs.base
    if mode is Mode.NONE or inputs.dry_run:
        return mode, base, ()
    demand_repository_root(root)
    base = base or base_branch(root, environment)
    if base.startswith(PREFIX) and not inputs.base:
        note = Problem(
            severity=Severity.NOTICE,
            message="the workflow runs for a branch of imgupdate's own: nothing is published, only reported",
            remedy="run it for the branches that pull requests go into, or name one with `base`",
        )
        return Mode.NONE, "", (note,)
    _demand(inputs, environment, base)
    access = _access(inputs.token, environment)
    demand_repository(access.repository, access.server_url, root, environment)
    return mode, base, ()


def root_of(path: str, environment: Mapping[str, str]) -> Path:
    """The folder that the input `path` names, inside the workspace whatever links there are.

    Raises:
        UsageError: it is elsewhere, or no folder.

    """
    workspace = workspace_of(environment)
    try:
        root = (workspace / path).resolve()
        inside = root == workspace or workspace in root.parents
        holds_something = inside and any(root.iterdir())
    except (OSError, ValueError, RuntimeError) as error:
        raise UsageError(
            f"the input path: there is no folder {shown(path)} in the workspace", remedy="name one that is checked out"
        ) from error
    if not inside:
        raise UsageError(
            f"the input path: {shown(path)} leads out of the workspace",
            remedy="name a folder that is checked out in it",
        )
    if not holds_something:
        raise UsageError(
            "there is nothing in the workspace: the repository is not checked out",
            remedy="add a step with actions/checkout before this one",
        )
    return root


def cache_dir_of(path: str, environment: Mapping[str, str]) -> Path:
    """The folder that the input `cache-dir` names, below the workspace whatever links there are; it may not exist yet.

    Raises:
        UsageError: it is elsewhere.

    """
    workspace = workspace_of(environment)
    with suppress(OSError, ValueError, RuntimeError):
        folder = (workspace / path).resolve()
        if workspace in folder.parents:
            return folder
    raise UsageError(
        f"the input cache-dir: {shown(path)} is not below the workspace",
        remedy="name a folder of its own in the workspace, such as .imgupdate-cache",
    )


def workspace_of(environment: Mapping[str, str]) -> Path:
    """The folder that a workflow works in; the current one where no runner names it."""
    return Path(environment.get("GITHUB_WORKSPACE") or ".").resolve()


def _access(token: str, environment: Mapping[str, str]) -> GitHubAccess:
    plain = GitHubAccess()
    given = {
        name: value.rstrip("/")
        for name in ("api_url", "graphql_url", "server_url")
        if (value := environment.get(f"GITHUB_{name.upper()}", ""))
    }
    return GitHubAccess(
        token=token,
        repository=environment.get("GITHUB_REPOSITORY", ""),
        api_url=given.get("api_url", plain.api_url),
        graphql_url=given.get("graphql_url", plain.graphql_url),
        server_url=given.get("server_url", plain.server_url),
    )


def _demand(inputs: Inputs, environment: Mapping[str, str], base: str) -> None:
    """What publishing cannot do without."""
    if not inputs.token:
        raise UsageError(
            "the input token is empty",
            remedy="leave it out for the token of the workflow; forks and Dependabot do not get a secret that is named",
        )
    if not environment.get("GITHUB_REPOSITORY"):
        raise UsageError("GITHUB_REPOSITORY does not name the repository", remedy="set it, or set publish to none")
    if inputs.branch and inputs.branch == base:
        raise UsageError(
            f"the inputs branch and base are both {shown(base)}",
            remedy="give pull requests a branch of their own, or set publish to commit",
        )


def _oddities(inputs: Inputs, mode: Mode) -> Iterator[Problem]:
    """Inputs that do nothing beside others."""
    given = {
        "branch": inputs.branch,
        "title": inputs.title,
        "draft": inputs.draft,
        "auto-merge": inputs.auto_merge,
        "labels": inputs.decoration.labels,
        "assignees": inputs.decoration.assignees,
        "reviewers": inputs.decoration.reviewers,
        "team-reviewers": inputs.decoration.team_reviewers,
        "milestone": inputs.decoration.milestone,
    }
    idle = [name for name, value in given.items() if value]
    if inputs.publish in (Mode.COMMIT, Mode.NONE) and mode is inputs.publish and idle:
        yield Problem(
            severity=Severity.WARNING,
            message=f"{', '.join(idle)}: without effect, since publish is {mode.value}",
            remedy="remove them, or set publish to pull-request",
        )
