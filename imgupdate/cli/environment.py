"""What the environment says, as values for the rooms that may not look at it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from imgupdate.errors import ConfigurationError
from imgupdate.git import remote_urls
from imgupdate.registry import Clock, DockerConfig, EnvironmentProxies, RegistryClient, docker_config_paths

_LONGEST_DOCKER_CONFIG = 1 << 20


def repository_urls(root: Path, environment: Mapping[str, str]) -> tuple[str, ...]:
    """The addresses of the repository that is worked on: the workflow's, and those of its Git remotes."""
    urls = list(remote_urls(root, search_path=environment.get("PATH", os.defpath)))
    repository = environment.get("GITHUB_REPOSITORY")
    if repository:
        urls.insert(0, f"{environment.get('GITHUB_SERVER_URL', 'https://github.com')}/{repository}")
    return tuple(dict.fromkeys(urls))


def docker_config(environment: Mapping[str, str], given: bytes = b"") -> DockerConfig:
    """Docker's configuration: the first file that there is, and what DOCKER_AUTH_CONFIG adds (spec/registry.md 7.1).

    A configuration that is `given` takes the place of DOCKER_AUTH_CONFIG: its hosts go before those of the file.

    Raises:
        ConfigurationError: the file cannot be read.

    """
    data, source = b"", ""
    for path in docker_config_paths(environment):
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
    override = given or environment.get("DOCKER_AUTH_CONFIG", "").encode(errors="surrogateescape")
    return DockerConfig(
        data=data,
        source=source,
        override=override,
        override_source="the input registry-auth" if given else "DOCKER_AUTH_CONFIG",
        search_path=environment.get("PATH", os.defpath),
    )


def registry_client(
    environment: Mapping[str, str], clock: Clock | None = None, *, registry_auth: bytes = b""
) -> RegistryClient:
    """A client that has the credentials, proxies and certificates of the environment; `clock` for tests."""
    return RegistryClient(
        docker_config=docker_config(environment, registry_auth),
        proxies=EnvironmentProxies.of({name: _text(value) for name, value in environment.items()}),
        authorities=environment.get("SSL_CERT_FILE", ""),
        clock=clock,
    )


def _text(value: str) -> str:
    """A value of the environment without the halves of characters that stand for bytes which are not UTF-8."""
    return value.encode(errors="surrogateescape").decode(errors="replace")
