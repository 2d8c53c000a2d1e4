"""Logins of the clouds: which host is whose, and who gives a credential for it (spec/registry.md 7.3 to 7.6).

Each cloud has a module that is imported when one of its registries is read, because its library is an extra.
"""

from __future__ import annotations

import importlib
import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol, cast

from imgupdate.config.model import Provider
from imgupdate.errors import ScanError
from imgupdate.registry.clock import Clock
from imgupdate.registry.credentials.model import Credential

_HOSTS = (
    (
        Provider.AWS,
        re.compile(
            r"[0-9]{12}\.dkr[.-]ecr(?:-fips)?\.[a-z0-9][a-z0-9_-]*\."
            r"(?:amazonaws\.(?:com(?:\.cn)?|eu)|on\.(?:aws|amazonwebservices\.com\.cn)"
            r"|sc2s\.sgov\.gov|c2s\.ic\.gov|cloud\.adc-e\.uk|csp\.hci\.ic\.gov)"
            r"|public\.ecr\.aws|ecr-public\.aws\.com"
        ),
    ),
    (Provider.AZURE, re.compile(r"(?:[a-z0-9-]+\.)+azurecr\.(?:io|cn|de|us)")),
    (
        Provider.GCP,
        re.compile(
            r"(?:[a-z0-9-]+\.)*gcr\.io|[a-z0-9-]+-docker\.pkg\.dev|docker\.[a-z0-9-]+\.rep\.pkg\.dev"
            r"|docker\.s3nsregistry\.fr"
        ),
    ),
)

_PREFIXES = ("AWS_", "AZURE_", "GOOGLE_", "CLOUDSDK_", "GCE_METADATA_", "MSI_", "IDENTITY_", "ACTIONS_ID_TOKEN_")
_NAMES = frozenset(
    [
        *("HOME", "PATH", "XDG_CONFIG_HOME", "IMDS_ENDPOINT", "GCLOUD_PROJECT", "NO_GCE_CHECK"),
        *("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE"),
        *("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "all_proxy", "no_proxy"),
    ]
)

_OIDC = "ACTIONS_ID_TOKEN_REQUEST_URL"
_SIGNS: Mapping[Provider, tuple[tuple[str, ...], ...]] = {
    Provider.AWS: (
        ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"),
        ("AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE"),
        ("AWS_ROLE_ARN", _OIDC),
        ("AWS_PROFILE",),
        ("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",),
        ("AWS_CONTAINER_CREDENTIALS_FULL_URI",),
    ),
    Provider.AZURE: tuple(
        ("AZURE_CLIENT_ID", "AZURE_TENANT_ID", proof)
        for proof in ("AZURE_CLIENT_SECRET", "AZURE_CLIENT_CERTIFICATE_PATH", "AZURE_FEDERATED_TOKEN_FILE", _OIDC)
    ),
    Provider.GCP: (
        ("GOOGLE_APPLICATION_CREDENTIALS",),
        ("GOOGLE_GHA_CREDS_PATH",),
        ("CLOUDSDK_AUTH_CREDENTIAL_FILE_OVERRIDE",),
        ("GOOGLE_OAUTH_ACCESS_TOKEN",),
        ("CLOUDSDK_AUTH_ACCESS_TOKEN",),
        ("GOOGLE_WORKLOAD_IDENTITY_PROVIDER", _OIDC),
    ),
}
"""Variables which, set together, show that a job was given credentials of a cloud."""

_MODULES = {
    Provider.AWS: ("aws", "AwsLogin"),
    Provider.AZURE: ("azure", "AzureLogin"),
    Provider.GCP: ("gcp", "GcpLogin"),
}


class CloudLogin(Protocol):
    """Who gives credentials for the registries of one cloud. Safe to use from many threads."""

    def credential(self, host: str) -> Credential:
        """The credential for a registry that `provider_of` knows as this cloud's.

        Held for as long as it lives, renewed at half of its life, asked for by one thread at a time for each account
        and region, or registry.

        Raises:
            ScanError: there are no credentials of the cloud, or it gives none for them.

        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class CloudEnvironment:
    """The variables that the clouds' logins go by, and no others; they hold secrets."""

    variables: Mapping[str, str] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> CloudEnvironment:
        """What of an environment concerns the clouds."""
        return cls(
            variables={
                name: value
                for name, value in environment.items()
                if value and (name in _NAMES or name.startswith(_PREFIXES))
            }
        )

    @property
    def ambient(self) -> frozenset[Provider]:
        """The clouds whose credentials a job was given. What a machine would get by asking is not among them."""
        return frozenset(
            provider
            for provider, signs in _SIGNS.items()
            if any(all(self.get(name) for name in names) for names in signs)
        )

    def get(self, name: str) -> str:
        """The value of a variable, empty where it is not set."""
        return self.variables.get(name, "")


def provider_of(host: str) -> Provider | None:
    """The cloud whose registry a host is, None for all others.

    The whole name has to match, so that no name that only looks like a cloud's gets its tokens (spec/registry.md 7.3).

    Args:
        host: A registry as in image names; a port other than 443 is no cloud's.

    >>> provider_of("123456789012.dkr.ecr.eu-central-1.amazonaws.com")
    <Provider.AWS: 'aws'>
    >>> provider_of("123456789012.dkr.ecr.eu-central-1.amazonaws.com.example.com") is None
    True

    """
    name = host.lower().removesuffix(":443")
    return next((provider for provider, pattern in _HOSTS if pattern.fullmatch(name)), None)


def cloud_logins(environment: CloudEnvironment, clock: Clock) -> Mapping[Provider, CloudLogin]:
    """The login of each cloud; its library is imported when it is first asked for a credential."""
    return {provider: _Lazy(provider, environment, clock) for provider in _MODULES}


class _Lazy:
    """A login that is made when it is needed.

    The modules are `imgupdate.registry.credentials.clouds.{aws,azure,gcp}`; their classes take environment and clock.
    """

    def __init__(self, provider: Provider, environment: CloudEnvironment, clock: Clock) -> None:
        self._provider = provider
        self._environment = environment
        self._clock = clock
        self._lock = threading.Lock()
        self._login: CloudLogin | None = None

    def credential(self, host: str) -> Credential:
        """The credential of the cloud's own login.

        Raises:
            ScanError: its library is not installed, or as the login says.

        """
        try:
            with self._lock:
                if self._login is None:
                    module, name = _MODULES[self._provider]
                    made = getattr(importlib.import_module(f"{__name__}.{module}"), name)
                    self._login = cast("CloudLogin", made(self._environment, self._clock))
                login = self._login
            return login.credential(host)
        except ImportError as error:
            raise missing_extra(self._provider) from error


def missing_extra(provider: Provider) -> ScanError:
    """The error that says which extra has the cloud's library."""
    return ScanError(
        f"the login of {provider} needs a library that is not installed",
        remedy=f"install it with `pip install imgupdate[{provider}]`",
    )
