"""The login of Azure: a token of Microsoft Entra, exchanged at each registry for one of its own (spec 7.6)."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlencode

import httpx

from imgupdate.config.model import Provider
from imgupdate.errors import ScanError
from imgupdate.registry.addresses import is_web_address
from imgupdate.registry.clock import Clock
from imgupdate.registry.credentials.clouds import CloudEnvironment, provider_of
from imgupdate.registry.credentials.clouds.azure_cli import cli_token, is_asked_for
from imgupdate.registry.credentials.clouds.azure_machine import machine_token
from imgupdate.registry.credentials.clouds.azure_tokens import (
    UNKNOWN_RESOURCE,
    EntraRefused,
    Make,
    Principal,
    by_assertion,
    by_certificate,
    by_secret,
    obtain,
)
from imgupdate.registry.credentials.clouds.files import read_file
from imgupdate.registry.credentials.clouds.github import PERMISSION, JobIdentity
from imgupdate.registry.credentials.clouds.leases import LONGEST_LIFE, Lease, Leases
from imgupdate.registry.credentials.clouds.web import CloudWeb
from imgupdate.registry.credentials.model import Credential
from imgupdate.registry.failures import clean, describe
from imgupdate.registry.sender import Answer, TransportOf

USER = "00000000-0000-0000-0000-000000000000"
RESOURCE = "https://containerregistry.azure.net"

_SHORTEST_LIFE = 300.0
_VISIBLE = re.compile(r"[\x21-\x7e]+")
_NAME = re.compile(r"[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*")
_FILE_REMEDY = "correct {}, or leave it out"
_LOG_IN = (
    f"in GitHub Actions, set AZURE_CLIENT_ID and AZURE_TENANT_ID and {PERMISSION}; elsewhere, set AZURE_CLIENT_SECRET "
    "or AZURE_CLIENT_CERTIFICATE_PATH beside them, or give the machine a managed identity"
)
_ROLE = "give the identity the role AcrPull on the registry (Container Registry Repository Reader where it uses ABAC)"


@dataclass(frozen=True, slots=True)
class _Cloud:
    """One of Azure's clouds: who knows its tenants, whom GitHub's word is for, and its other audience for tokens."""

    authority: str
    audience: str
    management: str


_PUBLIC = _Cloud("https://login.microsoftonline.com", "api://AzureADTokenExchange", "https://management.azure.com")
_CLOUDS = {
    "io": _PUBLIC,
    "cn": _Cloud(
        "https://login.chinacloudapi.cn", "api://AzureADTokenExchangeChina", "https://management.chinacloudapi.cn"
    ),
    "us": _Cloud(
        "https://login.microsoftonline.us",
        "api://AzureADTokenExchangeUSGov",
        "https://management.usgovcloudapi.net",
    ),
    "de": _Cloud(
        "https://login.microsoftonline.de", "api://AzureADTokenExchange", "https://management.microsoftazure.de"
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Source:
    """Where tokens come from: what messages call it, and how to have one for a resource."""

    name: str
    obtain: Callable[[str], Lease[str]]


class AzureLogin:
    """Tokens by what the environment says: a secret, a certificate, somebody's word, `az`, or the machine's identity.

    Safe to use from many threads.

    Args:
        environment: The variables to go by.
        clock: Tells the time.
        transport_of: Makes connections, in place of real ones.

    """

    def __init__(self, environment: CloudEnvironment, clock: Clock, *, transport_of: TransportOf | None = None) -> None:
        self._environment = environment
        self._clock = clock
        self._web = CloudWeb(environment, clock, cloud="Azure", transport_of=transport_of)
        self._job = JobIdentity(environment, self._web)
        self._tokens: Leases[str] = Leases(clock)
        self._credentials: Leases[Credential] = Leases(clock)

    def credential(self, host: str) -> Credential:
        """The user and token for one registry.

        Raises:
            ScanError: the host is not Azure's, there is no token, or the registry does not take it.

        """
        name = host.lower().removesuffix(":443")
        if provider_of(name) is not Provider.AZURE:
            raise ScanError(
                f"{clean(host)} is not a registry of Azure, so Azure's token is not for it",
                remedy="correct `provider`, or the image's name",
            )
        return self._credentials.get(name, lambda: self._exchange(name))

    def _exchange(self, registry: str) -> Lease[Credential]:
        """Have the registry give a token of its own for one of Microsoft Entra."""
        cloud = _CLOUDS[registry.rpartition(".")[2]]
        source = self._source(cloud)
        token = self._tokens.get(self._authority(cloud), lambda: _for_registries(source, cloud))
        form = {"grant_type": "access_token", "service": registry, "access_token": token}
        if tenant := self._environment.get("AZURE_TENANT_ID"):
            form["tenant"] = tenant
        answer = self._web.ask(
            "POST",
            f"https://{registry}/oauth2/exchange",
            headers={"Content-Type": "application/x-www-form-urlencoded"},
            content=urlencode(form).encode(),
        )
        if answer.status != 200:
            raise _not_exchanged(registry, answer, source, token)
        refresh = _refresh_token(answer.body)
        if not refresh:
            raise ScanError(
                f"{registry} gives no token for {source.name}: its answer holds none",
                remedy="check the image's registry, and look for a proxy that changes answers",
            )
        credential = Credential(source=source.name, username=USER, password=refresh)
        return Lease(value=credential, seconds=_life(refresh, self._clock.now()))

    def _authority(self, cloud: _Cloud) -> str:
        """The server that knows the tenant: the one that the environment names, else that of the registry's cloud."""
        named = self._environment.get("AZURE_AUTHORITY_HOST").rstrip("/ ")
        if not named:
            return cloud.authority
        try:
            url = httpx.URL(named if "://" in named else f"https://{named}")
        except httpx.InvalidURL:
            url = httpx.URL("")
        if url.scheme != "https" or not is_web_address(url) or url.path not in ("", "/") or url.query:
            raise ScanError(
                "AZURE_AUTHORITY_HOST is not the https address of a server",
                remedy="write it as https://login.microsoftonline.com, or leave it out",
            )
        authority = f"https://{url.netloc.decode('ascii')}"
        if authority != cloud.authority and authority in {known.authority for known in _CLOUDS.values()}:
            raise ScanError(
                f"AZURE_AUTHORITY_HOST is of another of Azure's clouds than the registry, whose is {cloud.authority}",
                remedy="read each cloud's registries in a job of its own, or leave AZURE_AUTHORITY_HOST out",
            )
        return authority

    def _source(self, cloud: _Cloud) -> _Source:
        variable = self._environment.get
        principal = Principal(
            tenant=variable("AZURE_TENANT_ID"),
            client=variable("AZURE_CLIENT_ID"),
            authority=self._authority(cloud),
        )
        if is_asked_for(self._environment):
            return _Source(name="az", obtain=lambda resource: cli_token(self._environment, resource))
        if not (principal.tenant and principal.client):
            return _Source(
                name="the machine's managed identity",
                obtain=lambda resource: self._from_machine(resource, "set AZURE_CLIENT_ID and AZURE_TENANT_ID"),
            )
        return self._of_application(principal, cloud)

    def _of_application(self, principal: Principal, cloud: _Cloud) -> _Source:
        variable = self._environment.get
        for name, value in (("AZURE_TENANT_ID", principal.tenant), ("AZURE_CLIENT_ID", principal.client)):
            if not _NAME.fullmatch(value):
                raise ScanError(f"{name} is malformed", remedy=f"copy {name} from the overview of the application")
        if secret := variable("AZURE_CLIENT_SECRET"):
            return self._from_entra("AZURE_CLIENT_SECRET", principal, lambda: by_secret(principal, secret), secret)
        if path := variable("AZURE_CLIENT_CERTIFICATE_PATH"):
            return self._from_certificate(principal, path)
        if path := variable("AZURE_FEDERATED_TOKEN_FILE"):
            return self._from_entra(
                "AZURE_FEDERATED_TOKEN_FILE", principal, lambda: by_assertion(principal, lambda: _statement(path))
            )
        if self._job.given:
            return self._from_entra(
                "GitHub's identity of this job",
                principal,
                lambda: by_assertion(principal, lambda: self._job.statement(cloud.audience)),
            )
        return _Source(
            name="the machine's managed identity", obtain=lambda resource: self._from_machine(resource, PERMISSION)
        )

    def _from_certificate(self, principal: Principal, path: str) -> _Source:
        password = self._environment.get("AZURE_CLIENT_CERTIFICATE_PASSWORD")
        chain = self._environment.get("AZURE_CLIENT_SEND_CERTIFICATE_CHAIN").lower() in ("1", "true")
        remedy = _FILE_REMEDY.format("AZURE_CLIENT_CERTIFICATE_PATH")
        return self._from_entra(
            "AZURE_CLIENT_CERTIFICATE_PATH",
            principal,
            lambda: by_certificate(principal, read_file(path, remedy), password, chain=chain),
            password,
        )

    def _from_entra(self, name: str, principal: Principal, make: Callable[[], Make], *secrets: str) -> _Source:
        return _Source(
            name=name,
            obtain=lambda resource: obtain(
                make(),
                f"{resource}/.default",
                self._web,
                principal=principal,
                source=f"{name} (application {principal.client[:60]})",
                secrets=secrets,
            ),
        )

    def _from_machine(self, resource: str, remedy: str) -> Lease[str]:
        try:
            return machine_token(self._environment, self._web, resource)
        except ScanError as error:
            raise ScanError(
                f"there are no credentials for Azure, and no managed identity of this machine ({error.message})",
                remedy=f"{remedy}; {_LOG_IN}" if remedy not in _LOG_IN else _LOG_IN,
            ) from error


def _for_registries(source: _Source, cloud: _Cloud) -> Lease[str]:
    """A token for registries; where a tenant does not know them, one for the cloud's management, which they take."""
    try:
        return source.obtain(RESOURCE)
    except EntraRefused as error:
        if error.code != UNKNOWN_RESOURCE:
            raise
    return source.obtain(cloud.management)


def _statement(path: str) -> str:
    text = read_file(path, _FILE_REMEDY.format("AZURE_FEDERATED_TOKEN_FILE")).decode(errors="replace").strip()
    if not _VISIBLE.fullmatch(text):
        raise ScanError(f"{clean(path)} holds no token", remedy=_FILE_REMEDY.format("AZURE_FEDERATED_TOKEN_FILE"))
    return text


def _not_exchanged(registry: str, answer: Answer, source: _Source, token: str) -> ScanError:
    said = describe(answer.status, answer.body, secrets=(token,))
    if answer.status == 401:
        remedy = f"{_ROLE}, and check that AZURE_TENANT_ID is the tenant of the registry"
    elif answer.status == 403:
        remedy = f"let the registry's firewall admit this machine, and {_ROLE}"
    else:
        remedy = "check the image's registry"
    return ScanError(f"{registry} gives no token for {source.name}: it answered {said}", remedy=remedy)


def _refresh_token(body: bytes) -> str:
    try:
        parsed = json.loads(body)
    except (ValueError, RecursionError):
        return ""
    token = parsed.get("refresh_token") if isinstance(parsed, dict) else None
    return token if isinstance(token, str) and _VISIBLE.fullmatch(token) else ""


def _life(token: str, now: float) -> float:
    """Seconds until a token (JWT) ends by its own word, which nobody else has to believe; minutes where it says none.

    Where it says when it began as well, a wrong clock of this machine does not matter.
    """
    payload = token.split(".")[1] if token.count(".") == 2 else ""
    try:
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except (ValueError, RecursionError):
        return _SHORTEST_LIFE
    if not isinstance(claims, dict):
        return _SHORTEST_LIFE
    ends, begins = claims.get("exp"), claims.get("iat", now)
    if not isinstance(ends, int | float) or not isinstance(begins, int | float):
        return _SHORTEST_LIFE
    return float(min(max(_SHORTEST_LIFE, ends - begins), LONGEST_LIFE))
