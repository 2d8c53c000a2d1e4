"""The login of AWS: tokens for ECR, private and public, in all partitions (spec/registry.md 7.3 and 7.4)."""

from __future__ import annotations

import base64
import binascii
import random
import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from botocore.client import BaseClient
from botocore.exceptions import BotoCoreError, ClientError

from imgupdate.errors import ScanError
from imgupdate.registry.clock import Clock
from imgupdate.registry.credentials.clouds import CloudEnvironment
from imgupdate.registry.credentials.clouds.aws_failures import no_credentials, no_token, translated, unknown_region
from imgupdate.registry.credentials.clouds.aws_http import AwsHttp
from imgupdate.registry.credentials.clouds.aws_session import AwsSession
from imgupdate.registry.credentials.clouds.github import JobIdentity
from imgupdate.registry.credentials.clouds.leases import Lease, Leases
from imgupdate.registry.credentials.clouds.web import CloudWeb
from imgupdate.registry.credentials.model import Credential, is_text
from imgupdate.registry.limits import Limits
from imgupdate.registry.proxies import EnvironmentProxies
from imgupdate.registry.sender import Sender, TransportOf, Transports

SHORTEST_LIFE = 60.0
LONGEST_LIFE = 43_200.0
SOURCE = "the login of AWS"
NOBODY = "nobody"
NOBODYS = Lease(value=Credential(source=NOBODY), seconds=LONGEST_LIFE)
API_SECONDS = 30.0
METADATA_SECONDS = 2.0

_LIMITS = Limits(attempts=3, connect_timeout=5.0, idle_timeout=10.0, longest_retry_after=10.0)

_USER = "AWS"
_PRIVATE = re.compile(
    r"[0-9]{12}\.dkr(?P<dual>[.-])ecr(?P<fips>-fips)?\.(?P<region>[a-z0-9][a-z0-9_-]*)\.(?P<suffix>.+)"
)
_DUAL_STACK_SUFFIXES = {"on.aws": "amazonaws.com", "on.amazonwebservices.com.cn": "amazonaws.com.cn"}
_PUBLIC = {"public.ecr.aws": False, "ecr-public.aws.com": True}
_PUBLIC_REGION = "us-east-1"
_SECRETS = (
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_SECURITY_TOKEN",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN",
    "ACTIONS_ID_TOKEN_REQUEST_TOKEN",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Api:
    """The interface of AWS that gives the token for a registry. `suffix` is that of its partition, empty for any."""

    service: str
    region: str
    suffix: str = ""
    fips: bool = False
    dual_stack: bool = False


def api_of(host: str) -> Api:
    """Which interface gives the token for a registry that is known to be one of AWS (spec/registry.md 7.4).

    >>> api_of("123456789012.dkr.ecr-fips.us-gov-west-1.amazonaws.com").fips
    True

    """
    name = host.lower().removesuffix(":443")
    if name in _PUBLIC:
        return Api(service="ecr-public", region=_PUBLIC_REGION, dual_stack=_PUBLIC[name])
    match = _PRIVATE.fullmatch(name)
    if match is None:
        raise ScanError(f"{host!r} is not a registry of AWS", remedy="check the image's name")
    suffix = match["suffix"]
    return Api(
        service="ecr",
        region=match["region"],
        suffix=_DUAL_STACK_SUFFIXES.get(suffix, suffix),
        fips=match["fips"] is not None,
        dual_stack=suffix in _DUAL_STACK_SUFFIXES,
    )


class AwsLogin:
    """Gives the credentials for ECR. Safe to use from many threads.

    Args:
        environment: What the process environment says; nothing else is read, but the files that it names.
        clock: Tells the time.
        transport_of: Makes connections, in place of real ones.

    """

    def __init__(self, environment: CloudEnvironment, clock: Clock, *, transport_of: TransportOf | None = None) -> None:
        self._clock = clock
        self._secrets = tuple(filter(None, (environment.get(name) for name in _SECRETS)))
        self._environment = environment
        self._transport_of = transport_of
        self._lock = threading.Lock()
        self._session: AwsSession | None = None
        self._leases: Leases[Credential] = Leases(clock)

    def credential(self, host: str) -> Credential:
        """The credential for a registry of ECR; one with nothing in it for the public one, if there is none of AWS.

        It is asked for once for each region, held for its life, and renewed at half of it; where that fails, the old
        one serves to its end.

        Raises:
            ScanError: there are no credentials of AWS, or they are good for nothing there.

        """
        api = api_of(host)
        return self._leases.get(repr(api), lambda: self._obtain(api, host))

    def _obtain(self, api: Api, host: str) -> Lease[Credential]:
        try:
            client = self._client(api)
            return NOBODYS if client is None else self._read(client.get_authorization_token())
        except (BotoCoreError, ClientError, OSError, ValueError, LookupError, RuntimeError) as error:
            raise translated(error, host, secrets=self._secrets) from error

    def _client(self, api: Api) -> BaseClient | None:
        """Who asks for a token; nobody, where there are no credentials for the public registry."""
        with self._lock:
            session = self._session
            if session is None:
                web = CloudWeb(self._environment, self._clock, cloud="AWS", transport_of=self._transport_of)
                session = AwsSession(
                    self._environment,
                    self._clock,
                    identity=JobIdentity(self._environment, web),
                    apis=AwsHttp(self._sender(EnvironmentProxies.of(self._environment.variables)), API_SECONDS),
                    machine=AwsHttp(self._sender(EnvironmentProxies()), METADATA_SECONDS, attempts=1),
                )
                self._session = session
            if api.suffix and not session.has_region(api.region, api.suffix):
                raise unknown_region(api.region, api.suffix)
            if session.has_credentials(api.region):
                return session.registry_client(api.service, api.region, fips=api.fips, dual_stack=api.dual_stack)
            if api.service != "ecr-public":
                raise no_credentials(self._environment)
            return None

    def _read(self, answer: Mapping[str, Any]) -> Lease[Credential]:
        data = answer.get("authorizationData")
        entry = data[0] if isinstance(data, list) and data else data
        entry = entry if isinstance(entry, Mapping) else {}
        packed, expires = entry.get("authorizationToken"), entry.get("expiresAt")
        try:
            text = base64.b64decode(packed or "", validate=True).decode()
        except (binascii.Error, ValueError) as error:
            raise no_token() from error
        username, _, password = text.partition(":")
        if username != _USER or not password or not is_text(password):
            raise no_token()
        life = expires.timestamp() - self._clock.now() if isinstance(expires, datetime) else LONGEST_LIFE
        credential = Credential(source=SOURCE, username=username, password=password)
        return Lease(value=credential, seconds=min(max(life, SHORTEST_LIFE), LONGEST_LIFE))

    def _sender(self, proxies: EnvironmentProxies) -> Sender:
        bundle = self._environment.get("AWS_CA_BUNDLE") or self._environment.get("SSL_CERT_FILE")
        transports = Transports(clock=self._clock, limits=_LIMITS, proxies=proxies, bundle=bundle)
        jitter = random.SystemRandom().random
        return Sender(self._transport_of or transports.of, clock=self._clock, limits=_LIMITS, jitter=jitter)
