"""One run from settings to result: where the rooms are put together, for the command line and the action alike."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from imgupdate import config
from imgupdate.cli.environment import credential_sources, registry_client, repository_urls
from imgupdate.cli.settings import RunSettings
from imgupdate.config import UnreadableConfiguration
from imgupdate.config.labels import is_object_name
from imgupdate.errors import ConfigurationError, UsageError, shown
from imgupdate.publish.settings import Mode
from imgupdate.registry import CacheDirectory, Clock, SystemClock
from imgupdate.results import Plan, Problem, Result, Severity
from imgupdate.setters import TOKEN
from imgupdate.update import Progress, Request, Scanner, plan_tree, result_of, scan
from imgupdate.workspace import Workspace
from imgupdate.workspace.confined import printable


def execute(
    settings: RunSettings, environment: Mapping[str, str], progress: Progress, clock: Clock | None = None
) -> Result:
    """Scan, choose, plan, and write or publish what the settings ask for.

    What is wrong with the configuration, an image or a file is among the result's problems. `clock` is what the
    registry client goes by.

    Raises:
        UsageError: the path is no directory, the namespace no name, a policy or image that is asked for does not exist,
            or intervals are to be respected without a cache.

    """
    if not is_object_name(settings.namespace):
        raise UsageError(f"{shown(settings.namespace)} cannot be a namespace", remedy="write it as in the cluster")
    if settings.respect_interval and settings.cache_dir is None:
        raise UsageError(
            "respect-interval is of no use without cache-dir, from which a run knows when the last one was",
            remedy="name a folder that is kept between runs with cache-dir",
        )
    workspace = Workspace(settings.root, tokens=(TOKEN, *config.TOKENS))
    cache = CacheDirectory(settings.cache_dir, clock=clock or SystemClock()) if settings.cache_dir else None
    try:
        result = _update(settings, environment, workspace, progress, clock, cache)
    except UnreadableConfiguration as error:
        result = _failed(error.problems)
    except ConfigurationError as error:
        result = _failed((Problem.of(error),))
    result = replace(result, problems=(*result.problems, *workspace.passed_over, *_notices(cache)))
    if settings.write and not settings.dry_run:
        result = _write(result, workspace)
    return result


def _update(
    settings: RunSettings,
    environment: Mapping[str, str],
    workspace: Workspace,
    progress: Progress,
    clock: Clock | None,
    cache: CacheDirectory | None,
) -> Result:
    loaded = config.load(workspace, config_path=settings.config, namespace=settings.namespace)
    loaded = config.give_secrets(loaded, settings.registry_secrets)
    request = Request(
        repository_urls=repository_urls(settings.root, environment),
        policies=settings.policies,
        images=settings.only_images,
        explain=settings.explain,
    )
    credentials = credential_sources(settings, environment, clock)
    # What an event says was pushed is asked for, whenever it was asked for last.
    respect = settings.respect_interval and settings.only_images is None
    with registry_client(
        environment,
        clock,
        credentials=credentials,
        cache=cache,
        respect_interval=respect,
        token_servers=settings.token_servers,
    ) as client:
        scanner = Scanner(source=client, workers=settings.workers, progress=progress)
        found = scan(loaded, scanner, request)
        result = result_of(found, plan_tree(found, workspace, scanner))
        if settings.publish is Mode.NONE or settings.dry_run:
            return result
        from imgupdate.cli.publishing import publish_result

        return publish_result(
            result,
            settings,
            environment,
            found=found,
            scanner=scanner,
            registries=client,
            workspace=workspace,
            clock=clock,
        )


def _notices(cache: CacheDirectory | None) -> tuple[Problem, ...]:
    """What is wrong with the cache, which costs time only."""
    told = cache.notices.all if cache is not None else ()
    return tuple(Problem(severity=Severity.NOTICE, message=message, remedy=remedy) for message, remedy in told)


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
