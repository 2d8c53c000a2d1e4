"""Access tokens of Microsoft Entra, by azure-identity over our own wire, so that it is bounded and led nowhere else."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol
from urllib.parse import urlencode

import httpx
from azure.core.credentials import AccessToken
from azure.core.exceptions import AzureError
from azure.core.pipeline.transport import HttpRequest as OldHttpRequest
from azure.core.pipeline.transport import HttpResponse, HttpTransport
from azure.core.rest import HttpRequest
from azure.core.utils import case_insensitive_dict
from azure.identity import CertificateCredential, ClientAssertionCredential, ClientSecretCredential

from imgupdate.errors import Error, ScanError
from imgupdate.registry.addresses import host_of
from imgupdate.registry.credentials.clouds.leases import Lease
from imgupdate.registry.credentials.clouds.web import CloudWeb
from imgupdate.registry.failures import clean
from imgupdate.registry.sender import Answer

_UNFIT = (AzureError, ValueError, TypeError, AttributeError, LookupError, OverflowError, RecursionError)
_VISIBLE = re.compile(r"[\x21-\x7e]+")
_CODE = re.compile(r"AADSTS[0-9]+")
_SUBJECT = (
    "give the application a federated credential for this repository and the branch, environment or event "
    "that the workflow runs for, with the issuer and audience that it uses"
)
_REMEDIES = {
    "AADSTS70021": _SUBJECT,
    "AADSTS700211": _SUBJECT,
    "AADSTS700212": _SUBJECT,
    "AADSTS700213": _SUBJECT,
    "AADSTS70025": _SUBJECT,
    "AADSTS700024": "check the machine's clock: the assertion is not valid at this time",
    "AADSTS700016": "check AZURE_CLIENT_ID and AZURE_TENANT_ID: the application is not in that tenant",
    "AADSTS90002": "check AZURE_TENANT_ID, and AZURE_AUTHORITY_HOST if the tenant is in a sovereign cloud",
    "AADSTS900023": "check AZURE_TENANT_ID",
    "AADSTS7000215": "set AZURE_CLIENT_SECRET to the secret's value, not its ID",
    "AADSTS7000222": "the secret has expired: make a new one, or use GitHub's OIDC instead of one",
    "AADSTS700027": "upload the certificate to the application, or correct AZURE_CLIENT_CERTIFICATE_PATH",
    "AADSTS7000112": "enable the application",
    "AADSTS53003": "let the tenant's Conditional Access policies admit this application",
}
UNKNOWN_RESOURCE = "AADSTS500011"


class EntraRefused(ScanError):
    """Microsoft Entra gives no token; `code` is its number for why, empty where it named none."""

    def __init__(self, message: str, *, remedy: str, code: str) -> None:
        super().__init__(message, remedy=remedy)
        self.code = code


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """An application in a tenant, and the server (https, without a path) that knows the tenant."""

    tenant: str
    client: str
    authority: str


class _Credential(Protocol):
    def get_token(self, *scopes: str) -> AccessToken: ...


Make = Callable[["EntraTransport"], _Credential]


def by_secret(principal: Principal, secret: str) -> Make:
    """An application that shows a secret."""
    return lambda transport: ClientSecretCredential(
        principal.tenant,
        principal.client,
        secret,
        authority=principal.authority,
        transport=transport,
        disable_instance_discovery=True,
        retry_total=0,
    )


def by_certificate(principal: Principal, certificate: bytes, password: str, *, chain: bool) -> Make:
    """An application that shows a certificate with its key, in PEM or PKCS 12; `chain` sends those above it, too."""
    return lambda transport: CertificateCredential(
        principal.tenant,
        principal.client,
        certificate_data=certificate,
        password=password or None,
        send_certificate_chain=chain,
        authority=principal.authority,
        transport=transport,
        disable_instance_discovery=True,
        retry_total=0,
    )


def by_assertion(principal: Principal, statement: Callable[[], str]) -> Make:
    """An application for which somebody speaks whom it trusts (workload identity federation)."""
    return lambda transport: ClientAssertionCredential(
        principal.tenant,
        principal.client,
        statement,
        authority=principal.authority,
        transport=transport,
        retry_total=0,
    )


def obtain(
    make: Make, scope: str, web: CloudWeb, *, principal: Principal, source: str, secrets: tuple[str, ...]
) -> Lease[str]:
    """An access token by azure-identity.

    Args:
        make: Makes the library's credential.
        scope: What the token is for.
        web: The way to the internet.
        principal: Whose token it is; nothing is sent elsewhere than to its authority.
        source: What messages call the credentials.
        secrets: What must not appear in a message.

    Raises:
        EntraRefused: there is no token for the credentials.
        ScanError: they are malformed, or there is no answer.

    """
    _be_quiet()
    transport = EntraTransport(web, principal.authority)
    begun = datetime.now(UTC).timestamp()
    try:
        token = make(transport).get_token(scope)
        usable = _VISIBLE.fullmatch(token.token)
    except _UNFIT as error:
        ours = next((cause for cause in _causes(error) if isinstance(cause, Error)), None)
        if ours is not None:
            raise ScanError(ours.message, remedy=ours.remedy) from None
        # Without its cause: that holds all that was sent and said.
        raise _refused(error, transport, source, secrets) from None
    if not usable:
        raise EntraRefused(f"Microsoft Entra gives no token for {source}", remedy="try again later", code="")
    return Lease(value=token.token, seconds=token.expires_on - begun)


def _be_quiet() -> None:
    """Keep the libraries from logging: what they log may hold tokens, and we say ourselves what failed."""
    for name in ("azure", "azure.identity", "azure.core", "msal"):
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    for _ in range(20):
        if error is None:
            return
        yield error
        error = error.__cause__ or error.__context__


def _refused(error: Exception, transport: EntraTransport, source: str, secrets: tuple[str, ...]) -> ScanError:
    if not transport.asked:
        return ScanError(
            f"the credentials of {source} are malformed",
            remedy="check AZURE_TENANT_ID, AZURE_CLIENT_ID and the secret, certificate or file beside them",
        )
    said = str(error.args[0]) if error.args else ""
    found = _CODE.search(said)
    code = found[0] if found else ""
    # What follows the first sentences are numbers for Microsoft's support.
    text = clean(said.partition("Trace ID")[0], secrets=secrets)
    return EntraRefused(
        f"Microsoft Entra gives no token for {source}: {text or 'its answer holds none'}",
        remedy=_REMEDIES.get(code, "check AZURE_TENANT_ID and AZURE_CLIENT_ID, and that the credentials are valid"),
        code=code,
    )


class _Response(HttpResponse):
    """An answer as azure-core knows it."""

    def __init__(self, request: HttpRequest | OldHttpRequest, answer: Answer) -> None:
        super().__init__(request, None)  # type: ignore[arg-type]
        self.status_code = answer.status
        self.headers = case_insensitive_dict(dict(answer.headers))
        self.reason = ""
        self.content_type = answer.headers.get("content-type", "")
        self._content = answer.body

    def body(self) -> bytes:
        """The bytes of the body."""
        return self._content

    def text(self, encoding: str | None = None) -> str:
        """The body as text."""
        return self._content.decode(encoding or "utf-8", "replace")


class EntraTransport(HttpTransport[HttpRequest, HttpResponse]):
    """How azure-identity reaches servers: the authority's, and nobody else's. `asked` says whether it has asked any."""

    def __init__(self, web: CloudWeb, authority: str) -> None:
        self._web = web
        self._authority = httpx.URL(authority)
        self.asked = False

    def send(self, request: HttpRequest, **_options: object) -> HttpResponse:
        """Send one request.

        Raises:
            ScanError: the server is another, or there is no answer.

        """
        url = httpx.URL(request.url)
        if (url.scheme, host_of(url), url.port) != ("https", host_of(self._authority), self._authority.port):
            raise ScanError(
                "the credentials for Azure are not used: Microsoft Entra's answer leads to another host than its own",
                remedy="check AZURE_AUTHORITY_HOST, and look for a proxy that changes answers",
            )
        self.asked = True
        data = request.content
        content = urlencode(data).encode() if isinstance(data, dict) else data
        answer = self._web.ask(
            request.method,
            request.url,
            headers=dict(request.headers),
            content=content if isinstance(content, bytes) else str(content or "").encode(),
        )
        return _Response(request, answer)

    def open(self) -> None:
        """Connections are opened when they are needed."""

    def close(self) -> None:
        """Connections are closed with the process."""

    def __exit__(self, *_error: object) -> None:
        self.close()
