"""Publishing put together: GitHub's API, the git program and the registries as what `imgupdate.publish` needs."""

from __future__ import annotations

import os
import random
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import replace
from functools import cache
from pathlib import Path
from urllib.parse import quote

import httpx

from imgupdate import __version__
from imgupdate.cli.settings import RunSettings
from imgupdate.config.model import SigningType
from imgupdate.errors import Error, PublishError
from imgupdate.git.access import Connection, GitCredentials
from imgupdate.git.remote import GitRemote
from imgupdate.github import Access, connect
from imgupdate.publish.publication import Ports, publish
from imgupdate.publish.settings import PublishSettings
from imgupdate.registry import Clock, EnvironmentProxies, RegistryClient, SystemClock
from imgupdate.remote import SigningIdentity
from imgupdate.results import Problem, Result, Severity
from imgupdate.update import Scan, Scanner
from imgupdate.workspace import Workspace

_PROXIES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")
_GIT_TIMEOUT = 60.0
_FIRST_PAUSE = 0.1
_LONGEST_PAUSE = 5.0


def publish_result(
    result: Result,
    settings: RunSettings,
    environment: Mapping[str, str],
    *,
    found: Scan,
    scanner: Scanner,
    registries: RegistryClient,
    workspace: Workspace,
    clock: Clock | None = None,
) -> Result:
    """The result with what was committed and proposed; what could not be is among its problems."""
    waiting = clock or SystemClock()
    try:
        with ExitStack() as stack:
            api, pulls = connect(
                _access(settings, environment),
                local=_local(workspace),
                user_agent=f"imgupdate/{__version__}",
                clock=waiting,
            )
            ports = Ports(
                api=api,
                git=_git(settings, environment, cache(lambda: _scratch(stack))),
                pulls=pulls,
                labels=registries,
                pause=_pause(waiting),
                server_url=settings.github.server_url,
                repository=settings.github.repository,
            )
            published = publish(found, scanner, publish_settings(settings), ports)
    except Error as error:
        return replace(result, problems=(*result.problems, Problem.of(error)), published=True)
    return replace(
        result,
        problems=tuple(dict.fromkeys((*result.problems, *published.problems, *_idle_key(settings, found)))),
        published=True,
        commits=tuple(published.commits),
        pull_requests=tuple(published.pull_requests),
        compares=published.compares,
    )


def _idle_key(settings: RunSettings, found: Scan) -> Iterator[Problem]:
    """A warning where a signing key is given, and nothing says that it is to be used."""
    specs = (running.automation.git for running in found.automations if running.automation)
    if settings.signing_key and not any(git and git.commit.signing_key for git in specs):
        yield Problem(
            severity=Severity.WARNING,
            message="a signing key is given, and no automation that runs has a `signingKey`: it signs nothing",
            remedy="write `git.commit.signingKey` in the automation, or leave the key out: GitHub signs for workflows "
            "and Apps where no author is given",
        )


def publish_settings(settings: RunSettings) -> PublishSettings:
    """What a run says about how to publish."""
    signing = None
    if settings.signing_key:
        signing = SigningIdentity(
            type=SigningType.GPG, key=settings.signing_key, passphrase=settings.signing_passphrase
        )
    return PublishSettings(
        mode=settings.publish,
        base=settings.base,
        branch=settings.branch,
        title=settings.title,
        group_by=settings.group_by,
        decoration=settings.decoration,
        draft=settings.draft,
        auto_merge=settings.auto_merge,
        sign_github=settings.sign_github,
        signing=signing,
    )


def _access(settings: RunSettings, environment: Mapping[str, str]) -> Access:
    github = settings.github
    return Access(
        token=github.token,
        repository=github.repository,
        api_url=github.api_url,
        graphql_url=github.graphql_url,
        server_url=github.server_url,
        proxy=proxy_of(github.api_url, environment),
        authorities=environment.get("SSL_CERT_FILE", ""),
    )


def proxy_of(url: str, environment: Mapping[str, str]) -> str:
    """The proxy on the way to an address, with its credentials; empty where there is none."""
    route = EnvironmentProxies.of(environment).route(httpx.URL(url))
    if route is None or not route.username:
        return route.url if route else ""
    scheme, _, rest = route.url.partition("://")
    return f"{scheme}://{quote(route.username, safe='')}:{quote(route.password, safe='')}@{rest}"


def _scratch(stack: ExitStack) -> Path:
    """A folder that is there as long as the stack; one that does not go away is no reason to fail."""
    try:
        return Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="imgupdate-", ignore_cleanup_errors=True)))
    except OSError as error:
        raise PublishError(
            f"there is no room for the git program's files: {error.strerror}",
            where=tempfile.gettempdir(),
            remedy="free space there, or name another folder in TMPDIR",
        ) from error


def _git(
    settings: RunSettings, environment: Mapping[str, str], scratch: Callable[[], Path]
) -> Callable[[float | None], GitRemote]:
    github = settings.github
    authorities = environment.get("SSL_CERT_FILE", "")

    def remote(timeout: float | None) -> GitRemote:
        connection = Connection(
            timeout=_GIT_TIMEOUT if timeout is None else timeout,
            proxies=_proxies(environment),
            ca_file=Path(authorities) if authorities else None,
            allow_http=github.server_url.startswith("http://"),
        )
        return GitRemote(
            f"{github.server_url}/{github.repository}.git",
            scratch=scratch(),
            search_path=environment.get("PATH", os.defpath),
            credentials=GitCredentials.of_token(github.token),
            connection=connection,
        )

    return remote


def _proxies(environment: Mapping[str, str]) -> dict[str, str]:
    """The proxies of the environment, in either case; the lower case goes first, as everywhere."""
    found = {name: environment.get(name) or environment.get(name.upper(), "") for name in _PROXIES}
    return {name: value for name, value in found.items() if value}


def _local(workspace: Workspace) -> Callable[[str], bytes | None]:
    def content(path: str) -> bytes | None:
        try:
            return workspace.read(path)
        except Error:
            return None

    return content


def _pause(clock: Clock) -> Callable[[int], None]:
    def pause(attempt: int) -> None:
        longest = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2**attempt)
        clock.sleep(longest * (0.5 + random.random() / 2))  # noqa: S311 - to come apart, not to hide anything

    return pause
