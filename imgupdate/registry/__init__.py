"""A client for OCI registries: tags and digests, politely, safely and with few requests.

client      what the rest of the program uses            session   one visit: scheme, redirects
pages       all tags of a repository                     door      one host: what to show of us, and when again
digests     the digest of a tag                          tokens    tokens held, shared and renewed
credentials docker, pull secrets, clouds                sender    one request: retries, gates, bounds
known       hints about well-known registries            transport connections and deadlines
metadata    what an image says of itself                 cache     what is kept between runs
"""

from __future__ import annotations

from imgupdate.registry.cache import CacheDirectory
from imgupdate.registry.client import RegistryClient
from imgupdate.registry.clock import Clock, SystemClock
from imgupdate.registry.credentials import (
    CloudEnvironment,
    CredentialSources,
    DockerConfig,
    cloud_logins,
    docker_config_paths,
    job_credential,
    podman_config_paths,
)
from imgupdate.registry.limits import Limits
from imgupdate.registry.proxies import EnvironmentProxies

__all__ = [
    "CacheDirectory",
    "Clock",
    "CloudEnvironment",
    "CredentialSources",
    "DockerConfig",
    "EnvironmentProxies",
    "Limits",
    "RegistryClient",
    "SystemClock",
    "cloud_logins",
    "docker_config_paths",
    "job_credential",
    "podman_config_paths",
]
