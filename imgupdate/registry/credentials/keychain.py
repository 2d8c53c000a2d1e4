"""Which credential a repository gets: of its Secret, else of DOCKER_AUTH_CONFIG, else of docker's configuration."""

from __future__ import annotations

import threading
from dataclasses import dataclass

from imgupdate.config.model import RegistryAccess
from imgupdate.images import Repository
from imgupdate.registry.credentials.docker_config import DockerConfig, DockerCredentials
from imgupdate.registry.credentials.helpers import HUB_SERVER, Helpers
from imgupdate.registry.credentials.kubernetes import PullSecret
from imgupdate.registry.credentials.model import Credential
from imgupdate.registry.known import HUB_KEY, credential_host


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The credential of a repository, None for none, and what is odd about where it was looked for."""

    credential: Credential | None = None
    warnings: tuple[str, ...] = ()


class Keychain:
    """Looks credentials up. Safe to use from many threads."""

    def __init__(self, config: DockerConfig | None) -> None:
        config = config or DockerConfig()
        helpers = Helpers(config.search_path)
        self._files = (
            DockerCredentials(config.override, config.override_source, helpers),
            DockerCredentials(config.data, config.source, helpers),
        )
        self._lock = threading.Lock()
        self._secrets: dict[tuple[bytes, str], PullSecret] = {}

    def find(self, repository: Repository, access: RegistryAccess) -> Found:
        """The credential that a repository is read with.

        One without a password is no credential, which is worth a warning.

        Raises:
            ScanError: a file or Secret is not what it should be, or a helper failed.

        """
        host = credential_host(repository.registry)
        warnings: list[str] = []
        if access.docker_config:
            secret = self._secret(access.docker_config, access.source or "the pull secret")
            warnings += secret.warnings
            found = self._usable(secret.find(repository.registry.lower(), repository.path), warnings)
            if found is not None:
                return Found(credential=found, warnings=tuple(warnings))
            if host == HUB_KEY and secret.misses_hub():
                warnings.append(f"{access.source} has no entry that Flux uses for Docker Hub: its name is {HUB_SERVER}")
        for file in self._files:
            found = self._usable(file.find(host, repository.path), warnings)
            if found is not None:
                return Found(credential=found, warnings=(*warnings, *file.warnings))
        return Found(warnings=tuple(warnings))

    @staticmethod
    def _usable(credential: Credential | None, warnings: list[str]) -> Credential | None:
        if credential is None or credential.usable:
            return credential
        warnings.append(f"{credential.source} has a user without a password for this registry, so nothing is sent")
        return None

    def _secret(self, data: bytes, source: str) -> PullSecret:
        with self._lock:
            key = (data, source)
            if key not in self._secrets:
                self._secrets[key] = PullSecret(data, source)
            return self._secrets[key]
