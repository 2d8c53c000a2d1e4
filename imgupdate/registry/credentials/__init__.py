"""Who we are to a registry: docker's configuration, its helper programs, and Kubernetes pull secrets."""

from __future__ import annotations

from imgupdate.registry.credentials.docker_config import DockerConfig, docker_config_paths
from imgupdate.registry.credentials.keychain import Keychain
from imgupdate.registry.credentials.model import Credential

__all__ = ["Credential", "DockerConfig", "Keychain", "docker_config_paths"]
