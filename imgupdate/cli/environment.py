"""What the environment says, as values for the rooms that may not look at it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from imgupdate.cli.settings import RunSettings
from imgupdate.errors import ConfigurationError
from imgupdate.git import remote_urls
from imgupdate.registry import (
    CacheDirectory,
    Clock,
    CloudEnvironment,
    CredentialSources,
    DockerConfig,
    EnvironmentProxies,
    RegistryClient,
    SystemClock,
    cloud_logins,
    docker_config_paths,
    job_credential,
    podman_config_paths,
)

_LONGEST_DOCKER_CONFIG = 1 << 20
_GITHUB = "https://github.com"
_GOOGLE_FILES = ("GOOGLE_APPLICATION_CREDENTIALS", "GOOGLE_GHA_CREDS_PATH", "CLOUDSDK_AUTH_CREDENTIAL_FILE_OVERRIDE")


def repository_urls(root: Path, environment: Mapping[str, str]) -> tuple[str, ...]:
    """The addresses of the repository that is worked on: the workflow's, and those of its Git remotes."""
    urls = list(remote_urls(root, search_path=environment.get("PATH", os.defpath)))
    repository = environment.get("GITHUB_REPOSITORY")
    if repository:
        urls.insert(0, f"{environment.get('GITHUB_SERVER_URL', 'https://github.com')}/{repository}")
    return tuple(dict.fromkeys(urls))


def docker_config(environment: Mapping[str, str]) -> DockerConfig:
    """Docker's configuration, podman's, and what DOCKER_AUTH_CONFIG adds (spec/registry.md 7.1).

    Raises:
        ConfigurationError: a file cannot be read.

    """
    data, source = _first_file(docker_config_paths(environment))
    podman, podman_source = _first_file(podman_config_paths(environment))
    return DockerConfig(
        data=data,
        source=source,
        podman=podman,
        podman_source=podman_source,
        override=environment.get("DOCKER_AUTH_CONFIG", "").encode(errors="surrogateescape"),
        search_path=environment.get("PATH", os.defpath),
    )


def credential_sources(
    settings: RunSettings, environment: Mapping[str, str], clock: Clock | None = None
) -> CredentialSources:
    """Where credentials may come from: the settings, and all that the environment of the run holds.

    The workflow's token is one of them where it is a token of github.com, whose registry ghcr.io is.

    Raises:
        ConfigurationError: a file of docker's or podman's cannot be read.

    """
    clouds = CloudEnvironment.of({name: _text(value) for name, value in _as_mounted(environment).items()})
    server = (environment.get("GITHUB_SERVER_URL") or _GITHUB).rstrip("/").lower()
    token = settings.github.token or environment.get("GITHUB_TOKEN", "").strip()
    around = settings.ambient_credentials
    return CredentialSources(
        given=settings.registry_auth,
        docker=docker_config(environment),
        clouds=cloud_logins(clouds, clock or SystemClock()),
        ambient=clouds.ambient if around else frozenset(),
        job=job_credential(environment.get("GITHUB_ACTOR", ""), token) if around and server == _GITHUB else None,
    )


def _as_mounted(environment: Mapping[str, str]) -> Mapping[str, str]:
    """The environment with the files that Google's login has put into the workspace where a container sees them."""
    workspace = environment.get("GITHUB_WORKSPACE", "")
    moved: dict[str, str] = {}
    for name in _GOOGLE_FILES if workspace else ():
        path = Path(environment.get(name, ""))
        mounted = Path(workspace, path.name)
        if path.name.startswith("gha-creds-") and not path.is_file() and mounted.is_file():
            moved[name] = str(mounted)
    return {**environment, **moved}


def registry_client(
    environment: Mapping[str, str],
    clock: Clock | None = None,
    *,
    credentials: CredentialSources | None = None,
    cache: CacheDirectory | None = None,
    respect_interval: bool = False,
    token_servers: frozenset[str] = frozenset(),
) -> RegistryClient:
    """A client that has the proxies and certificates of the environment, and the cache; `clock` for tests."""
    client = RegistryClient(
        credentials=credentials,
        proxies=EnvironmentProxies.of({name: _text(value) for name, value in environment.items()}),
        authorities=environment.get("SSL_CERT_FILE", ""),
        allowed_realms=token_servers,
        clock=clock,
    )
    if cache is not None:
        client.remember(cache, respect_interval=respect_interval)
    return client


def _first_file(paths: Iterable[str]) -> tuple[bytes, str]:
    """The content and the path of the first file that exists."""
    data, source = b"", ""
    for path in paths:
        try:
            with Path(path).open("rb") as file:
                data = file.read(_LONGEST_DOCKER_CONFIG + 1)
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError as error:
            raise ConfigurationError(
                f"{path} cannot be read: {error.strerror}", remedy="correct its permissions, or set DOCKER_CONFIG"
            ) from error
        source = path
        break
    if len(data) > _LONGEST_DOCKER_CONFIG:
        raise ConfigurationError(f"{source} is larger than a docker configuration can be", remedy="set DOCKER_CONFIG")
    return data, source


def _text(value: str) -> str:
    """A value of the environment without the halves of characters that stand for bytes which are not UTF-8."""
    return value.encode(errors="surrogateescape").decode(errors="replace")
