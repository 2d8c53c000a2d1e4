"""Access tokens of Google, by google-auth over our own wire, so that it is bounded and led to Google only."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import parse_qsl

import httpx
from google.auth import exceptions, identity_pool, transport
from google.auth.credentials import Credentials
from google.oauth2 import credentials as user_credentials
from google.oauth2 import service_account

from imgupdate.errors import ScanError
from imgupdate.registry.addresses import host_of
from imgupdate.registry.credentials.clouds.leases import Lease
from imgupdate.registry.credentials.clouds.web import CloudWeb
from imgupdate.registry.failures import clean

SCOPE = "https://www.googleapis.com/auth/cloud-platform"
UNIVERSE = "googleapis.com"
JWT = "urn:ietf:params:oauth:token-type:jwt"

_VISIBLE = re.compile(r"[\x21-\x7e]+")
_SECRETS = frozenset({"assertion", "subject_token", "refresh_token", "client_secret"})
_UNFIT = (exceptions.GoogleAuthError, ValueError, TypeError, AttributeError, LookupError, OverflowError, RecursionError)
_REMEDIES = (
    ("attribute condition", "let the provider's attribute condition admit this repository"),
    ("audience", "check the workload identity provider's path, and the audiences that it allows"),
    ("invalid_target", "check the workload identity provider's path, and that it is not disabled"),
    ("has not been used in project", "enable the IAM Service Account Credentials API in the project"),
    ("service_disabled", "enable the IAM Service Account Credentials API in the project"),
    ("disabled", "enable the account, or name another"),
    ("getaccesstoken", "give the workload identity the role roles/iam.workloadIdentityUser on the service account"),
    ("permission", "give the workload identity the role roles/iam.workloadIdentityUser on the service account"),
    ("invalid_grant", "renew the key or log in again: Google no longer takes it; and check the machine's clock"),
)


def is_googles(url: str, universe: str) -> bool:
    """Whether a URL is one of Google's own servers of tokens, over TLS."""
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL:
        return False
    host = host_of(parsed)
    old = universe == UNIVERSE and host == "accounts.google.com"
    return parsed.scheme == "https" and parsed.port is None and (old or host.endswith("." + universe))


def service_account_credentials(info: Mapping[str, object]) -> Credentials:
    """The credentials of a service account's key.

    Raises:
        ValueError: something is missing, or the key is not one.

    """
    made: Credentials = service_account.Credentials.from_service_account_info(info, scopes=[SCOPE])  # type: ignore[no-untyped-call]
    return made


def user_account_credentials(info: Mapping[str, object]) -> Credentials:
    """The credentials of a person who logged in with gcloud.

    Raises:
        ValueError: something is missing.

    """
    kept = {key: info[key] for key in ("refresh_token", "client_id", "client_secret") if info.get(key)}
    made: Credentials = user_credentials.Credentials.from_authorized_user_info(kept)  # type: ignore[no-untyped-call]
    return made


class _Subject(identity_pool.SubjectTokenSupplier):
    def __init__(self, statement: Callable[[], str]) -> None:
        self._statement = statement

    def get_subject_token(self, context: object, request: object) -> str:  # noqa: ARG002 - the library's signature
        """Who we are elsewhere."""
        return self._statement()


@dataclass(frozen=True, slots=True, kw_only=True)
class Federation:
    """How Google takes the word of somebody else for who we are (workload identity federation).

    `impersonation_url` is that of the service account to become, empty to stay who we are; `seconds` is how long then,
    0 for the usual time.
    """

    audience: str
    statement: Callable[[], str]
    token_type: str = JWT
    token_url: str = "https://sts.googleapis.com/v1/token"  # noqa: S105
    impersonation_url: str = ""
    seconds: int = 0
    universe: str = UNIVERSE
    client_id: str = ""
    client_secret: str = ""
    user_project: str = ""


def federated_credentials(federation: Federation) -> Credentials:
    """The credentials of somebody whom Google knows by another's word.

    Raises:
        ValueError: the parts do not go together.

    """
    made: Credentials = identity_pool.Credentials(  # type: ignore[no-untyped-call]
        audience=federation.audience,
        subject_token_type=federation.token_type,
        token_url=federation.token_url,
        subject_token_supplier=_Subject(federation.statement),
        service_account_impersonation_url=federation.impersonation_url or None,
        service_account_impersonation_options=(
            {"token_lifetime_seconds": federation.seconds} if federation.seconds else {}
        ),
        client_id=federation.client_id or None,
        client_secret=federation.client_secret or None,
        workforce_pool_user_project=federation.user_project or None,
        universe_domain=federation.universe,
        scopes=[SCOPE],
    )
    return made


def obtain(make: Callable[[], Credentials], web: CloudWeb, *, universe: str, source: str) -> Lease[str]:
    """An access token by google-auth.

    Raises:
        ScanError: the credentials are malformed, or Google gives no token for them.

    """
    _be_quiet()
    request = _Request(web, universe)
    try:
        made = make()
        made.refresh(request)  # type: ignore[no-untyped-call]
        token = made.token
        expiry: datetime | None = made.expiry
    except _UNFIT as error:
        # Without its cause: that holds all that the server said, and may hold the key.
        raise _refused(error, request, source) from None
    if not isinstance(token, str) or not _VISIBLE.fullmatch(token):
        raise ScanError(f"Google gives no token for {source}: its answer holds none", remedy="try again later")
    now = datetime.now(UTC).replace(tzinfo=None)
    return Lease(value=token, seconds=(expiry - now).total_seconds() if expiry is not None else 0.0)


def _be_quiet() -> None:
    """Keep the library from logging: what it logs may hold tokens, and we say ourselves what failed."""
    for name in ("google.auth", "google.oauth2"):
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)


def _refused(error: Exception, request: _Request, source: str) -> ScanError:
    said = " ".join(str(argument) for argument in error.args)
    text = clean(said, secrets=request.secrets)
    if not request.asked:
        return ScanError(
            f"the credentials of {source} are malformed"
            + (f": {text}" if isinstance(error, exceptions.GoogleAuthError) else ""),
            remedy="download or generate them again",
        )
    low = said.lower()
    remedy = next((remedy for words, remedy in _REMEDIES if words in low), "check that they are still valid")
    return ScanError(f"Google gives no token for {source}: {text or 'its answer holds none'}", remedy=remedy)


class _Response(transport.Response):
    def __init__(self, status: int, headers: Mapping[str, str], data: bytes) -> None:
        self._status = status
        self._headers = headers
        self._data = data

    @property
    def status(self) -> int:
        """The status."""
        return self._status

    @property
    def headers(self) -> Mapping[str, str]:
        """The headers."""
        return self._headers

    @property
    def data(self) -> str:
        """The body as text, since the library decodes bytes without a net."""
        return self._data.decode(errors="replace")


class _Request(transport.Request):
    """How google-auth reaches servers: Google's, and nobody else's.

    `asked` says whether it has asked any; `secrets` is what it sent that must not appear in a message.
    """

    def __init__(self, web: CloudWeb, universe: str) -> None:
        self._web = web
        self._universe = universe
        self.asked = False
        self.secrets: list[str] = []

    def __call__(
        self,
        url: str,
        method: str = "GET",
        body: bytes | str | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: float | None = None,  # noqa: ARG002
        **_more: object,
    ) -> _Response:
        """Send one request.

        Raises:
            ScanError: the server is not Google's, or there is no answer.

        """
        if not is_googles(url, self._universe):
            raise not_googles("the address to which they lead")
        self.asked = True
        content = body.encode() if isinstance(body, str) else body or b""
        self._note_secrets(content, headers or {})
        answer = self._web.ask(method, url, headers=headers, content=content)
        return _Response(answer.status, dict(answer.headers), answer.body)

    def _note_secrets(self, content: bytes, headers: Mapping[str, str]) -> None:
        pairs = parse_qsl(content.decode(errors="replace"))
        self.secrets += [value for key, value in pairs if key in _SECRETS]
        self.secrets += [value.split(" ")[-1] for key, value in headers.items() if key.lower() == "authorization"]


def not_googles(what: str) -> ScanError:
    """The error that says that credentials would have gone to somebody else."""
    return ScanError(
        f"the credentials for Google are not used: {what} is not Google's",
        remedy="generate them again with gcloud or google-github-actions/auth, and use no file of unknown origin",
    )
