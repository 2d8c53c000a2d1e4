"""The login of AWS: tokens for ECR, private and public, in all partitions (spec/registry.md 7.3 and 7.4)."""

from __future__ import annotations

import base64
import binascii
import random
import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from imgupdate.errors import ScanError
from imgupdate.registry.clock import Clock
from imgupdate.registry.credentials.clouds import CloudEnvironment
from imgupdate.registry.credentials.clouds.aws_failures import no_credentials, no_token, translated, unknown_region
from imgupdate.registry.credentials.clouds.aws_session import AwsSession
from imgupdate.registry.credentials.model import Credential, is_text
from imgupdate.registry.limits import Limits
from imgupdate.registry.proxies import EnvironmentProxies
from imgupdate.registry.sender import Sender, TransportOf, Transports

SHORTEST_LIFE = 60.0
LONGEST_LIFE = 43_200.0
SOURCE = "the login of AWS"
NOBODY = "nobody"

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


@dataclass(slots=True)
class _Held:
    """The credential of one interface, and until when it is as good as new, and good at all."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    credential: Credential | None = None
    fresh_until: float = 0.0
    ends: float = 0.0


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
        self._sender = self._make_sender(EnvironmentProxies.of(environment.variables), transport_of)
        self._metadata_sender = self._make_sender(EnvironmentProxies(), transport_of)
        self._lock = threading.Lock()
        self._session: AwsSession | None = None
        self._held: dict[Api, _Held] = {}

    def credential(self, host: str) -> Credential:
        """The credential for a registry of ECR; one with nothing in it for the public one, if there is none of AWS.

        It is asked for once for each region, held for its life, and renewed at half of it; where that fails, the old
        one serves to its end.

        Raises:
            ScanError: there are no credentials of AWS, or they are good for nothing there.

        """
        api = api_of(host)
        with self._lock:
            held = self._held.setdefault(api, _Held())
        with held.lock:
            if held.credential is not None and self._clock.monotonic() < held.fresh_until:
                return held.credential
            try:
                self._renew(api, held, host)
            except ScanError:
                if held.credential is None or self._clock.monotonic() >= held.ends:
                    raise
            assert held.credential is not None  # noqa: S101 - renewed, or raised
            return held.credential

    def _renew(self, api: Api, held: _Held, host: str) -> None:
        try:
            credential, life = self._obtain(api)
        except (BotoCoreError, ClientError, OSError, ValueError, LookupError, RuntimeError) as error:
            raise translated(error, host, secrets=self._secrets) from error
        now = self._clock.monotonic()
        held.credential, held.fresh_until, held.ends = credential, now + life / 2, now + life

    def _obtain(self, api: Api) -> tuple[Credential, float]:
        """A credential and the seconds that it lives."""
        with self._lock:
            session = self._session
            if session is None:
                session = AwsSession(self._environment, self._clock, self._sender, self._metadata_sender)
                self._session = session
            if api.suffix and not session.has_region(api.region, api.suffix):
                raise unknown_region(api.region, api.suffix)
            if not session.has_credentials(api.region):
                if api.service == "ecr-public":
                    return Credential(source=NOBODY), LONGEST_LIFE
                raise no_credentials(self._environment)
            client = session.registry_client(api.service, api.region, fips=api.fips, dual_stack=api.dual_stack)
        return self._read(client.get_authorization_token())

    def _read(self, answer: Mapping[str, Any]) -> tuple[Credential, float]:
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
        return credential, min(max(life, SHORTEST_LIFE), LONGEST_LIFE)

    def _make_sender(self, proxies: EnvironmentProxies, transport_of: TransportOf | None) -> Sender:
        environment, limits = self._environment, Limits()
        bundle = environment.get("AWS_CA_BUNDLE") or environment.get("SSL_CERT_FILE")
        transports = Transports(clock=self._clock, limits=limits, proxies=proxies, bundle=bundle)
        return Sender(
            transport_of or transports.of, clock=self._clock, limits=limits, jitter=random.SystemRandom().random
        )
