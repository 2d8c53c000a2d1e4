"""Where credentials may come from, as the edge found it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from imgupdate.config.model import Provider
from imgupdate.registry.credentials.clouds import CloudLogin
from imgupdate.registry.credentials.docker_config import DockerConfig
from imgupdate.registry.credentials.model import Credential

GIVEN_NAME = "the input registry-auth"
JOB_HOST = "ghcr.io"
JOB_NAME = "the workflow's token"


@dataclass(frozen=True, slots=True, kw_only=True)
class CredentialSources:
    """Everything that credentials are looked for in, a Secret of the repository apart (spec/registry.md 7.8).

    `given` is a docker configuration that was given to us alone. `clouds` are the logins; `ambient` names those of them
    whose credentials are around, and which are used without being named. `job` is shown to GitHub's registry only.
    """

    given: bytes = field(default=b"", repr=False)
    docker: DockerConfig = field(default_factory=DockerConfig)
    clouds: Mapping[Provider, CloudLogin] = field(default_factory=dict)
    ambient: frozenset[Provider] = frozenset()
    job: Credential | None = None


def job_credential(user: str, token: str) -> Credential | None:
    """The token of a workflow as GitHub's registry takes it, with any user; None where there is no token."""
    if not token:
        return None
    return Credential(source=JOB_NAME, username=user or "unset", password=token)
