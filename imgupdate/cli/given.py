"""The options of `imgupdate run`, and the environment where they are silent, become one run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from imgupdate.action.auth import RegistryAuth, read_registry_auth
from imgupdate.cli.checkout import base_branch, demand_repository_root, repositories_at
from imgupdate.cli.checks import branch_name, host_names, title_template
from imgupdate.cli.inputs import (
    REGISTRY_AUTH_VARIABLE,
    SIGNING_KEY_VARIABLE,
    SIGNING_PASSPHRASE_VARIABLE,
    TOKEN_VARIABLES,
)
from imgupdate.cli.settings import GitHubAccess, RunSettings
from imgupdate.errors import UsageError, shown
from imgupdate.publish.settings import GroupBy, Mode
from imgupdate.remote import Decoration, MergeMethod

_LONGEST_KEY = 1 << 16
_GITHUB = "github.com"


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """The options as the person gave them, those apart that only say how to report."""

    root: Path
    config: str
    namespace: str
    write: bool
    publish: str
    dry_run: bool
    policies: tuple[str, ...]
    base: str
    branch: str
    title: str
    labels: tuple[str, ...]
    assignees: tuple[str, ...]
    reviewers: tuple[str, ...]
    team_reviewers: tuple[str, ...]
    milestone: str
    draft: bool
    auto_merge: str | None
    group_by: str
    ambient_credentials: str
    token_servers: tuple[str, ...]
    cache_dir: str
    respect_interval: bool
    sign: str | None
    signing_key_file: Path | None
    explain: bool
    workers: int


def settings_of(given: Given, environment: Mapping[str, str]) -> RunSettings:
    """The run that is meant.

    Raises:
        UsageError: publishing lacks a token, a repository or a branch, or a branch cannot have the name that it is
            given, the title is no template, or the key cannot be read.

    """
    mode = Mode(given.publish)
    base = branch_name(given.base, "--base") if given.base else ""
    branch = branch_name(given.branch, "--branch") if given.branch else ""
    publishes = mode is not Mode.NONE and not given.dry_run
    auth = _registry_auth(environment)
    if publishes:
        demand_repository_root(given.root)
        base = base or base_branch(given.root, environment)
    return RunSettings(
        root=given.root,
        config=given.config,
        namespace=given.namespace,
        policies=given.policies,
        publish=mode,
        write=given.write,
        dry_run=given.dry_run,
        base=base,
        branch=branch,
        title=title_template(given.title, "--title") if given.title else "",
        group_by=GroupBy(given.group_by),
        decoration=Decoration(
            labels=given.labels,
            assignees=given.assignees,
            reviewers=given.reviewers,
            team_reviewers=tuple(team.rpartition("/")[2] for team in given.team_reviewers),
            milestone=given.milestone,
        ),
        draft=given.draft,
        auto_merge=MergeMethod(given.auto_merge) if given.auto_merge else None,
        sign_github=bool(given.sign),
        signing_key=_signing_key(given.signing_key_file, environment),
        signing_passphrase=environment.get(SIGNING_PASSPHRASE_VARIABLE, "").encode(errors="surrogateescape"),
        registry_auth=auth.config,
        registry_secrets=auth.registry_secrets,
        ambient_credentials=given.ambient_credentials == "use",
        token_servers=host_names(given.token_servers, "--token-server"),
        cache_dir=Path(given.cache_dir) if given.cache_dir else None,
        respect_interval=given.respect_interval,
        github=_access(given.root, environment) if publishes else GitHubAccess(),
        explain=given.explain,
        workers=given.workers,
    )


def _registry_auth(environment: Mapping[str, str]) -> RegistryAuth:
    text = environment.get(REGISTRY_AUTH_VARIABLE, "")
    return read_registry_auth(text)


def _signing_key(file: Path | None, environment: Mapping[str, str]) -> bytes:
    if file is None:
        text = environment.get(SIGNING_KEY_VARIABLE, "").strip()
        return (text + "\n").encode(errors="surrogateescape") if text else b""
    try:
        with file.open("rb") as stream:
            data = stream.read(_LONGEST_KEY + 1)
    except OSError as error:
        raise UsageError(
            f"the signing key cannot be read: {error.strerror}", remedy="correct its permissions"
        ) from error
    if len(data) > _LONGEST_KEY:
        raise UsageError("the signing key is larger than a key is", remedy="name the file of a private key")
    return data


def _access(root: Path, environment: Mapping[str, str]) -> GitHubAccess:
    """Where the repository is: as the environment says, as it does in a workflow, else as the Git remotes do.

    Remotes of other servers do not count, whatever they are called: they are not to be shown a token.
    """
    token = next((value for name in TOKEN_VARIABLES if (value := environment.get(name, "").strip())), "")
    if not token:
        raise UsageError(
            "publishing needs a token", remedy=f"set {' or '.join(TOKEN_VARIABLES)}; `gh auth token` prints one"
        )
    server = environment.get("GITHUB_SERVER_URL", "").rstrip("/") or f"https://{_GITHUB}"
    host = urlsplit(server).netloc.lower()
    repository = environment.get("GITHUB_REPOSITORY", "") or next(iter(repositories_at(server, root, environment)), "")
    if not repository:
        raise UsageError(
            f"no Git remote says which repository of {shown(host)} this is",
            remedy="set GITHUB_REPOSITORY to owner/name, and GITHUB_SERVER_URL for a server of your own",
        )
    plain = GitHubAccess()
    api = plain.api_url if host == _GITHUB else f"{server}/api/v3"
    graphql = plain.graphql_url if host == _GITHUB else f"{server}/api/graphql"
    return GitHubAccess(
        token=token,
        repository=repository,
        api_url=environment.get("GITHUB_API_URL", "").rstrip("/") or api,
        graphql_url=environment.get("GITHUB_GRAPHQL_URL", "").rstrip("/") or graphql,
        server_url=server,
    )
