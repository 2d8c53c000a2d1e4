"""Who we are to a registry: what was given to us, docker's configuration, pull secrets, and logins of clouds."""

from __future__ import annotations

from imgupdate.registry.credentials.clouds import CloudEnvironment, cloud_logins
from imgupdate.registry.credentials.docker_config import DockerConfig, docker_config_paths, podman_config_paths
from imgupdate.registry.credentials.keychain import Keychain
from imgupdate.registry.credentials.model import Credential
from imgupdate.registry.credentials.sources import CredentialSources, job_credential

__all__ = [
    "CloudEnvironment",
    "Credential",
    "CredentialSources",
    "DockerConfig",
    "Keychain",
    "cloud_logins",
    "docker_config_paths",
    "job_credential",
    "podman_config_paths",
]
