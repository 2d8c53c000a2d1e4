"""What a run is asked to do, whoever asks: the command line and the action both end in these values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from imgupdate.publish.settings import GroupBy, Mode
from imgupdate.remote import Decoration, MergeMethod


@dataclass(frozen=True, slots=True, kw_only=True)
class GitHubAccess:
    """Where the repository is on GitHub, and the token for it. The addresses have no trailing slash.

    `repository` is `owner/name`. All empty where the run does not publish.
    """

    token: str = field(default="", repr=False)
    repository: str = ""
    api_url: str = "https://api.github.com"
    graphql_url: str = "https://api.github.com/graphql"
    server_url: str = "https://github.com"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSettings:
    """One run.

    `policies` are those to look at (`namespace/name` or a bare name), none for all; `only_images` are the repositories
    that a dispatch named, None for all. `publish` NONE with `write` changes the workspace; `dry_run` changes nothing
    anywhere. `registry_auth` is a docker configuration that goes before everything else, empty for none.
    `registry_secrets` holds what takes the place of Secrets, by `namespace/name` or name, as `config.give_secrets`
    reads it. `ambient_credentials` lets the environment's logins of clouds and its GitHub token be used unasked.
    `token_servers` are hosts that may see credentials of registries that they do not belong to for certain.
    `cache_dir` is where lists of tags are kept between runs, None for nowhere; with `respect_interval` an image is
    asked for only when its interval has passed since the list that is kept.
    """

    root: Path
    config: str = ""
    namespace: str = "flux-system"
    policies: tuple[str, ...] = ()
    only_images: tuple[str, ...] | None = None
    publish: Mode = Mode.NONE
    write: bool = False
    dry_run: bool = False
    base: str = ""
    branch: str = ""
    title: str = ""
    group_by: GroupBy = GroupBy.AUTOMATION
    decoration: Decoration = field(default_factory=Decoration)
    draft: bool = False
    auto_merge: MergeMethod | None = None
    sign_github: bool = False
    signing_key: bytes = field(default=b"", repr=False)
    signing_passphrase: bytes = field(default=b"", repr=False)
    registry_auth: bytes = field(default=b"", repr=False)
    registry_secrets: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    ambient_credentials: bool = True
    token_servers: frozenset[str] = frozenset()
    cache_dir: Path | None = None
    respect_interval: bool = False
    github: GitHubAccess = GitHubAccess()
    explain: bool = False
    workers: int = 32
