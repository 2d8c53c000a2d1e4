"""Which credential a repository gets: of the first source that has one (spec/registry.md 7.8).

1. what was given to us alone (`registry-auth`)
2. the login of the cloud that the manifest names; then no Secret is looked into, as in Flux
3. the Secret that the manifest names
4. DOCKER_AUTH_CONFIG, docker's configuration, podman's
5. the login of the cloud whose registry it is, where its credentials are around
6. for GitHub's registry, the workflow's token
7. nobody
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from imgupdate.config.model import Provider, RegistryAccess
from imgupdate.errors import ScanError
from imgupdate.images import Repository
from imgupdate.registry.credentials.clouds import provider_of
from imgupdate.registry.credentials.docker_config import OVERRIDE_NAME, DockerCredentials
from imgupdate.registry.credentials.helpers import HUB_SERVER, Helpers
from imgupdate.registry.credentials.kubernetes import PullSecret
from imgupdate.registry.credentials.model import Credential
from imgupdate.registry.credentials.sources import GIVEN_NAME, JOB_HOST, CredentialSources
from imgupdate.registry.failures import clean
from imgupdate.registry.known import HUB_KEY, credential_host


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The credential of a repository, None for none, and what is odd about where it was looked for.

    `passed_over` matters only where access is refused. `offered` says that nobody gave the credential for this
    registry: it was around, and where it is refused, nobody may be let in all the same.
    """

    credential: Credential | None = None
    warnings: tuple[str, ...] = ()
    passed_over: tuple[str, ...] = ()
    offered: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class _Search:
    """One repository whose credential is looked for, and what is said on the way."""

    repository: Repository
    access: RegistryAccess
    warnings: list[str] = field(default_factory=list)
    passed_over: list[str] = field(default_factory=list)

    @property
    def host(self) -> str:
        return credential_host(self.repository.registry)

    def usable(self, credential: Credential | None) -> Credential | None:
        """A credential that can be shown; a user without a password is none."""
        if credential is None or credential.usable:
            return credential
        self.warnings.append(f"{credential.source} has a user without a password for this registry, so nothing is sent")
        return None

    def found(self, credential: Credential | None, *, offered: bool = False) -> Found:
        return Found(
            credential=credential,
            warnings=tuple(self.warnings),
            passed_over=(*self.warnings, *self.passed_over),
            offered=offered,
        )


class Keychain:
    """Looks credentials up. Safe to use from many threads."""

    def __init__(self, sources: CredentialSources | None) -> None:
        self._sources = sources or CredentialSources()
        docker = self._sources.docker
        helpers = Helpers(docker.search_path)
        self._given = DockerCredentials(self._sources.given, GIVEN_NAME, helpers)
        self._files = (
            DockerCredentials(docker.override, OVERRIDE_NAME, helpers),
            DockerCredentials(docker.data, docker.source, helpers),
            DockerCredentials(docker.podman, docker.podman_source, helpers),
        )
        self._lock = threading.Lock()
        self._secrets: dict[tuple[bytes, str], PullSecret] = {}
        self._logins: dict[tuple[Provider, str], threading.Lock] = {}
        self._failed: dict[tuple[Provider, str], ScanError] = {}

    def find(self, repository: Repository, access: RegistryAccess) -> Found:
        """The credential that a repository is read with.

        One without a password is no credential, which is worth a warning.

        Raises:
            ScanError: a file or Secret is not what it should be, a helper failed, or the cloud that the manifest names
                gives no credential.

        """
        search = _Search(repository=repository, access=access)
        named = self._of_secret if access.provider is Provider.GENERIC else self._of_named_cloud
        for look in (self._of_given, named, self._of_files):
            found = look(search)
            if found is not None:
                return search.found(found)
        for look in (self._of_ambient_cloud, self._of_job):
            found = look(search)
            if found is not None:
                return search.found(found, offered=True)
        return search.found(None)

    def _of_given(self, search: _Search) -> Credential | None:
        return _of_file(self._given, search)

    def _of_named_cloud(self, search: _Search) -> Credential | None:
        """The cloud's; where it gives none, what somebody stored for the registry on this machine."""
        try:
            return self._log_in(search.access.provider, search)
        except ScanError as error:
            found = self._of_files(search)
            if found is None:
                raise
            search.warnings.append(f"{clean(error.message)}, so the credentials of {found.source} are used")
            return found

    def _of_secret(self, search: _Search) -> Credential | None:
        access, repository = search.access, search.repository
        if not access.docker_config:
            return None
        secret = self._secret(access.docker_config, access.source or "the pull secret")
        search.warnings.extend(secret.warnings)
        found = search.usable(secret.find(repository.registry.lower(), repository.path))
        if found is None and search.host == HUB_KEY and secret.misses_hub():
            search.warnings.append(
                f"{access.source} has no entry that Flux uses for Docker Hub: its name is {HUB_SERVER}"
            )
        return found

    def _of_files(self, search: _Search) -> Credential | None:
        return next((found for file in self._files if (found := _of_file(file, search)) is not None), None)

    def _of_ambient_cloud(self, search: _Search) -> Credential | None:
        """What is around is only shown to the cloud itself: not where a manifest makes another the one who answers."""
        provider = provider_of(search.host)
        if provider is None or provider not in self._sources.ambient or _may_be_another(search.access):
            return None
        try:
            return self._log_in(provider, search)
        except ScanError as error:
            search.passed_over.append(clean(f"{error.message}; {error.remedy}" if error.remedy else error.message))
            return None

    def _of_job(self, search: _Search) -> Credential | None:
        return self._sources.job if search.host == JOB_HOST and not _may_be_another(search.access) else None

    def _log_in(self, provider: Provider, search: _Search) -> Credential:
        """What the login of a cloud gives. One that fails is not tried again for the same registry."""
        host = search.host
        if provider_of(host) is not provider:
            raise ScanError(
                f"provider: {provider} is for the registries of that cloud, and {clean(host)} is none of them",
                remedy="correct the image, or take `provider` out of its ImageRepository",
            )
        if search.access.insecure:
            raise ScanError(
                f"the credentials of provider: {provider} are not sent without encryption",
                remedy="take `insecure` out of the ImageRepository",
            )
        if _may_be_another(search.access):
            raise ScanError(
                f"the credentials of provider: {provider} are not sent where the ca.crt of certSecretRef could let "
                "another server answer",
                remedy="take ca.crt out of that Secret; name an authority of your network in SSL_CERT_FILE",
            )
        login = self._sources.clouds.get(provider)
        if login is None:
            raise ScanError(f"there is no login of {provider} here", remedy="give the credentials to `registry-auth`")
        with self._alone(provider, host):
            failed = self._failed.get((provider, host))
            if failed is None:
                try:
                    return login.credential(host)
                except ScanError as error:
                    self._failed[provider, host] = error
                    raise
        raise ScanError(failed.message, remedy=failed.remedy) from failed

    @contextmanager
    def _alone(self, provider: Provider, host: str) -> Iterator[None]:
        with self._lock:
            lock = self._logins.setdefault((provider, host), threading.Lock())
        with lock:
            yield

    def _secret(self, data: bytes, source: str) -> PullSecret:
        with self._lock:
            key = (data, source)
            if key not in self._secrets:
                self._secrets[key] = PullSecret(data, source)
            return self._secrets[key]


def _of_file(file: DockerCredentials, search: _Search) -> Credential | None:
    found = search.usable(file.find(search.host, search.repository.path))
    if found is not None:
        search.warnings.extend(file.warnings)
    return found


def _may_be_another(access: RegistryAccess) -> bool:
    """Whether a manifest lets somebody answer who is not proven to be the host of the image's name."""
    return access.insecure or bool(access.tls and access.tls.ca)
